judgebench.piece("scores/small--gpt-4--alpha", [[0,1,7.0],[1,1,7.0],[2,1,7.0],[3,1,7.0]]);
