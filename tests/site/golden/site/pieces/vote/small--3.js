judgebench.piece("vote:small--3", {"prompts":[{"html":"Print 1 + 1.\n\nIn Python."}],"references":[null]});
