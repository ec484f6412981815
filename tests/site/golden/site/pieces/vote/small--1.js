judgebench.piece("vote:small--1", {"prompts":[{"html":"Write a poem."},{"html":"Now in *prose*."}],"references":[{"html":"<p>A poem.</p>\n"},null]});
