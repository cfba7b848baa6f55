//! Libraries of functions: kept by name until they are deleted, in snapshots and in the log, unlike scripts. A library's code runs
//! once in each VM that calls one of its functions, and registers them there: what it keeps in variables of its own is each thread's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::RwLock;

use crate::fault::{Fault, Outcome};
use crate::scripts::reach::Reached;
use crate::scripts::shebang::Header;
use crate::scripts::{metadata, with_vm};
use crate::server::Server;

/// Code that libraries may have in all.
const LIBRARIES_MAX: usize = 10_000;

/// Where numbers of libraries come from: a VM may serve several servers, one after the other.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A function, as its library registered it.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) description: Option<Vec<u8>>,
    /// Of `shebang`.
    pub(crate) flags: u32,
    pub(crate) reached: Reached,
}

/// A library.
#[derive(Debug)]
pub(crate) struct Library {
    /// Another one for each that is loaded.
    pub(super) number: u64,
    pub(crate) name: String,
    pub(crate) code: Box<[u8]>,
    /// In the order in which they were registered.
    pub(crate) functions: Vec<Function>,
}

/// A function in its library.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(super) library: Arc<Library>,
    pub(super) place: usize,
}

impl Named {
    pub(super) fn function(&self) -> &Function {
        &self.library.functions[self.place]
    }

    /// What it may do, as the first line of a script says it.
    pub(crate) fn header(&self) -> Header {
        Header { is_there: true, flags: self.function().flags, length: 0 }
    }
}

/// What becomes of libraries that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Refuse,
    Replace,
    /// All that are there go.
    Flush,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    libraries: BTreeMap<String, Arc<Library>>,
    functions: HashMap<String, Named>,
}

/// All libraries of a server.
#[derive(Debug, Default)]
pub(crate) struct Functions(RwLock<Tables>);

impl Functions {
    pub(crate) fn find(&self, name: &[u8]) -> Option<Named> {
        self.0.read().functions.get(std::str::from_utf8(name).ok()?).cloned()
    }

    /// All libraries, by name.
    pub(crate) fn libraries(&self) -> Vec<Arc<Library>> {
        self.0.read().libraries.values().cloned().collect()
    }

    /// Libraries, functions, and bytes of code.
    pub(crate) fn size(&self) -> (usize, usize, usize) {
        let tables = self.0.read();
        let bytes = tables.libraries.values().map(|library| library.code.len()).sum();
        (tables.libraries.len(), tables.functions.len(), bytes)
    }

    /// Loads libraries: all of them, or none.
    ///
    /// # Errors
    /// One that can't be loaded, or that is there.
    pub(crate) fn load(&self, server: &Server, codes: &[&[u8]], policy: Policy) -> Result<Vec<String>, Fault> {
        let mut tables = if policy == Policy::Flush { Tables::default() } else { self.0.read().clone() };
        let mut names = Vec::with_capacity(codes.len());
        for code in codes {
            let name = metadata::name(code)?;
            if tables.libraries.contains_key(&name) && policy == Policy::Refuse {
                return Err(Fault::made(format!("ERR Library '{name}' already exists")));
            }
            tables.remove(&name);
            tables.add(library(server, name.clone(), code)?)?;
            names.push(name);
        }
        *self.0.write() = tables;
        Ok(names)
    }

    /// Removes a library.
    ///
    /// # Errors
    /// There is none of this name.
    pub(crate) fn delete(&self, name: &[u8]) -> Outcome {
        let name = std::str::from_utf8(name).unwrap_or_default();
        if self.0.write().remove(name) { Ok(()) } else { Err(Fault::of("ERR Library not found")) }
    }

    /// Removes all of them.
    pub(crate) fn flush(&self) {
        *self.0.write() = Tables::default();
    }
}

/// A library whose code has run in this thread's VM, and may be kept there.
fn library(server: &Server, name: String, code: &[u8]) -> Result<Library, Fault> {
    let number = NUMBERS.fetch_add(1, Relaxed);
    let functions = with_vm(server, |vm| vm.register(server, number, code))?;
    Ok(Library { number, name, code: code.into(), functions })
}

impl Tables {
    fn add(&mut self, library: Library) -> Outcome {
        if self.libraries.len() >= LIBRARIES_MAX {
            return Err(Fault::of("ERR too many libraries are loaded; FUNCTION DELETE removes one"));
        }
        let library = Arc::new(library);
        for (place, function) in library.functions.iter().enumerate() {
            if self.functions.contains_key(&function.name) {
                return Err(Fault::made(format!("ERR Function {} already exists", function.name)));
            }
            self.functions.insert(function.name.clone(), Named { library: library.clone(), place });
        }
        self.libraries.insert(library.name.clone(), library);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> bool {
        let library = self.libraries.remove(name);
        library.iter().flat_map(|library| &library.functions).for_each(|function| {
            self.functions.remove(&function.name);
        });
        library.is_some()
    }
}
