judgebench.piece("vote:small--q-4-8f32d39fac", {"prompts":[{"html":"&lt;b&gt;Nothing&lt;/b&gt; &amp; more"}],"references":[null]});
