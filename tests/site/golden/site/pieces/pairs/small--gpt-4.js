judgebench.piece("pairs/small--gpt-4", {"models":["beta","alpha"],"pages":[[1,0,"pairs/small--gpt-4--score_pair--alpha--beta.html"]],"scored":[0,1],"scores":"pairs/small--gpt-4.html"});
