/* Nothing to call: the library takes the place of functions of the system, see shim.c. */
