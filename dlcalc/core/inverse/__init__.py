"""Which value of one number of a layer gives an output of a certain size."""
