judgebench.piece("vote:small--2", {"prompts":[{"html":"What is 1 + 1?","lang":"en"}],"references":[{"html":"<p>2</p>\n"}]});
