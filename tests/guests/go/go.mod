module cove/guests

go 1.23
