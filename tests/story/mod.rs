//! Stories in the words of the people who live them.

mod desk;
