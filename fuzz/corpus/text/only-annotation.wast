(@fun (pexot&r"f"))
