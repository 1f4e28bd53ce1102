(component (value $v string (binary "\02hi")) (value bool (binary "\01")))
