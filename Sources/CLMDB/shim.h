/* LMDB 0.9: the functions and plain constants import as they are; no macro needs help. */
#include <lmdb.h>
