judgebench.piece("scores/small--gpt-4--beta", [[0,1,9.0],[1,1,9.0],[2,1,9.0],[3,1,9.0]]);
