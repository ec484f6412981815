"use strict";
// ---- The matches of a pair: a match may be telling for several reasons, any of which may be asked for.

TESTS.set("match-list", async ({ flag }) => (row) => !flag || row.dataset.flags.split(" ").includes(flag));
