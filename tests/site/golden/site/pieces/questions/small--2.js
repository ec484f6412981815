judgebench.piece("pieces/questions/small--2", {"frames":[[["user",["Which?"]]]],"answers":{"alpha":["alpha says 2."],"beta":["beta says 2."]},"question":["What is 1 + 1?"],"reference":["2"]});
