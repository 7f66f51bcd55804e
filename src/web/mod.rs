//! The pages, for everyone and for the desk; Rocket is used only here and in the command that serves.
