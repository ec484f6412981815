judgebench.piece("pairs/small--anna", {"models":["alpha","beta"],"pages":[[0,1,"pairs/small--anna--choice--alpha--beta.html"]],"scored":[],"scores":null});
