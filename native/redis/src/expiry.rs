//! Keys whose time has come: they count as absent, and whoever may change something and meets one removes it.

use dataset::Item;
use resp::Writer;

use crate::call::Call;

impl<'c> Call<'c, '_> {
    /// The live item of a key, with the writer for the reply; no access to it is counted.
    pub(crate) fn peek(&mut self, key: &[u8]) -> (Option<&Item>, &mut Writer<'c>) {
        self.expire_if_due(key);
        let (database, hash) = self.data.at(self.session.database, key);
        (database.item(hash, key), &mut self.reply)
    }
}
