//! Keys whose time has come: they count as absent, and whoever may change something and meets one removes it.

use dataset::{Item, Place};
use resp::Writer;

use crate::call::Call;
use crate::events::Class;

impl<'c> Call<'c, '_> {
    /// The live item of a key, with the writer for the reply; no access to it is counted.
    pub(crate) fn peek(&mut self, key: &[u8]) -> (Option<&Item>, &mut Writer<'c>) {
        let place = self.expire_if_due(key);
        (self.data.part(self.session.database, place).item(place.hash, key), &mut self.reply)
    }

    /// Removes a key whose time has come, as any change: with its event and its effect. Returns where the key lies.
    pub(crate) fn expire_if_due(&mut self, key: &[u8]) -> Place {
        let place = self.data.place(key);
        let database = self.data.part(self.session.database, place);
        if database.volatile() > 0 && database.item(place.hash, key).is_some_and(|item| item.is_expired(self.now)) {
            self.expire(place, key);
        }
        place
    }

    fn expire(&mut self, place: Place, key: &[u8]) {
        let former = self.data.part_mut(self.session.database, place).remove_item(place.hash, key);
        self.server.discard_item(former);
        self.effects.push(self.session.database, &[b"DEL", key]);
        self.touched(key);
        self.notify(Class::Expired, "expired", key);
    }
}
