//! How text looks where it stands, as its own element and those around it have it.

use crate::domain::incoming::mime::html::look::{Ink, Look, Size};

/// What is not to be shown by its own word.
pub(super) const MARKED: &str = "marked as not to be shown";

/// How the text right within an element looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// Why the element with all in it is not shown.
    pub gone: Option<&'static str>,
    /// Marked as not to be shown.
    pub unseen: bool,
    /// In letters too small to be seen.
    pub tiny: bool,
    /// Colour of its letters.
    pub ink: Ink,
    /// Colour behind them.
    pub ground: Ink,
}

impl State {
    /// Why its text is not shown.
    pub fn hides(&self) -> Option<&'static str> {
        self.gone.or(match self {
            _ if self.unseen => Some(MARKED),
            _ if self.tiny => Some("in letters too small to be seen"),
            _ if self.ink == Ink::Clear && self.ink.fades_on(self.ground) => Some("in transparent letters"),
            _ if self.ink.fades_on(self.ground) => Some("in the colour of its background"),
            _ => None,
        })
    }

    /// How text looks within a further element. A link has a colour of its own, and the buttons that are hidden from
    /// Outlook are links.
    pub fn within(&self, look: &Look, link: bool) -> State {
        let mut state = *self;
        let outlook_only = look.from_outlook == Some(true) && !link;
        let why = match look {
            _ if look.none == Some(true) || (outlook_only && look.none.is_none()) => Some(MARKED),
            _ if look.clear == Some(true) => Some("wholly transparent"),
            _ if look.is_away() => Some("placed outside of the page"),
            _ if look.is_cut() => Some("in a box without room"),
            _ => None,
        };
        state.gone = self.gone.or(why);
        state.unseen = look.unseen.unwrap_or(self.unseen);
        state.tiny = match look.size {
            Some(Size::Nothing) => true,
            Some(Size::Seen) => false,
            Some(Size::AsAround) | None => self.tiny,
        };
        if look.placed {
            // It may lie over anything.
            state.ground = Ink::Unknown;
        }
        match look.ground {
            Some(Ink::Clear) | None => {}
            Some(ground) => state.ground = ground,
        }
        state.ink = look.ink.unwrap_or(if link { Ink::Unknown } else { self.ink });
        state
    }
}
