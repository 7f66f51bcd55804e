//! What we ask: questions in two wordings, bundles, shapes of an answer, dispositions, grounds.
