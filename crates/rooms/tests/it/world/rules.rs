//! The rules: what must hold at every moment, and what at rest.

use rooms::{PartyId, Place, Role};

use super::{At, Broken, World, id};

impl World {
    /// Those who really talk with the contact.
    pub(crate) fn hearers(&self) -> Vec<PartyId> {
        let talks = |(party, leg): (usize, &At)| {
            let role = self.call.party(id(party)).map_or(Role::Agent, |it| it.who.role());
            let is_with = match (leg, &self.legs[0]) {
                (At::Bridge, At::Bridge) => true,
                (At::Room { round, sound }, At::Room { round: theirs, .. }) => {
                    let speaks = !sound.muted && sound.coaches.is_none();
                    round == theirs && !sound.held && (role != Role::Supervisor || speaks)
                }
                _ => false,
            };
            (party > 0 && is_with).then(|| id(party))
        };
        self.legs.iter().enumerate().filter_map(talks).collect()
    }

    /// The contact is hung up only if nobody hears them and somebody hung up on purpose.
    pub(super) fn may_hang_up(&self) -> Result<(), Broken> {
        if self.legs[0] == At::Gone {
            return Ok(());
        }
        if !self.meant {
            return Err("the contact is hung up, and nobody meant it".into());
        }
        let talks = |party: &PartyId| {
            let user = self.call.party(*party).and_then(|it| it.who.user());
            let has_ended = user.is_some_and(|user| self.enders.contains(&user));
            !has_ended && !self.leaving.contains(party) && !self.dropped.contains(party)
        };
        let others: Vec<_> = self.hearers().into_iter().filter(talks).collect();
        // Whoever was called by a request that was executed late is wanted by nobody.
        if others.is_empty() || self.was_late {
            Ok(())
        } else {
            Err(format!("hung up on {others:?}"))
        }
    }

    /// Nobody is taken out of a call that goes on if the contact is left with nobody, or on hold with whoever takes over.
    pub(super) fn may_remove(&self, party: PartyId) -> Result<(), Broken> {
        let At::Room { sound, .. } = &self.legs[0] else { return Ok(()) };
        let goes_on = self.call.errand().is_none() && !self.call.is_over() && !self.was_late;
        if !goes_on || !matches!(self.legs[super::index(party)], At::Room { .. }) {
            return Ok(());
        }
        let takes_over = self.call.transfer().is_some_and(|it| it.is_completing && it.by == party);
        if takes_over && sound.held {
            return Err("whoever transfers leaves, and the contact is on hold".into());
        }
        Ok(())
    }

    /// What must hold at every moment.
    pub(crate) fn check(&self) -> Result<(), Broken> {
        for (party, leg) in self.legs.iter().enumerate() {
            let Some(it) = self.call.party(id(party)) else { continue };
            if it.who.role() == Role::Supervisor
                && let At::Room { sound, .. } = leg
                && !sound.muted
                && sound.coaches.is_none()
                && !self.barged
            {
                return Err("the contact hears a supervisor who never barged".into());
            }
        }
        Ok(())
    }

    /// Whether somebody could leave, and how many may be called.
    pub(crate) fn lives(&self, party: usize) -> bool {
        !matches!(self.legs[party], At::Gone | At::Nowhere)
    }

    /// What must hold when everything has arrived and nobody does anything.
    pub(crate) fn check_rest(&self) -> Result<(), Broken> {
        if let Some(open) = self.open.first() {
            return Err(format!("wish {open} never ends"));
        }
        let contact = &self.call.parties()[0];
        match &self.legs[0] {
            At::Gone | At::Router(_) => {}
            At::Bridge | At::Room { .. } if !self.hearers().is_empty() => {}
            at => return Err(format!("the contact is alone: {at:?}")),
        }
        if let At::Room { sound, .. } = &self.legs[0] {
            let is_wanted = contact.want.hold
                || self.call.transfer().is_some_and(rooms::Transfer::holds_contact);
            let agents = self
                .hearers()
                .into_iter()
                .any(|party| self.call.party(party).is_some_and(|it| it.who.role() == Role::Agent));
            if sound.held != is_wanted {
                return Err(format!("the contact's hold is {} and should not be", sound.held));
            }
            if sound.held && !agents {
                return Err("the contact is on hold, and no agent can resume".into());
            }
        }
        let is_known = matches!(
            (&self.legs[0], contact.place),
            (At::Gone, Place::Gone)
                | (At::Router(_), Place::Router)
                | (At::Bridge, Place::Bridge)
                | (At::Room { .. }, Place::Room)
        );
        if !is_known {
            return Err(format!(
                "the contact is {:?}, and known as {:?}",
                self.legs[0], contact.place
            ));
        }
        for (party, leg) in self.legs.iter().enumerate() {
            let Some(it) = self.call.party(id(party)) else { continue };
            let is_gone = matches!(leg, At::Gone | At::Nowhere);
            let awaited = it.who.role() == Role::Supervisor && *leg == At::Nowhere;
            if is_gone != (it.place == Place::Gone) && !awaited {
                return Err(format!("party {party} is {leg:?}, and known as {:?}", it.place));
            }
            if let At::Room { sound, .. } = leg
                && *sound != it.sound
            {
                return Err(format!("party {party} hears {sound:?}, and not {:?}", it.sound));
            }
        }
        Ok(())
    }
}
