judgebench.piece("marks/small", {"models":["00000000","00000000"],"pairs":{"0-1":"02491004"}});
