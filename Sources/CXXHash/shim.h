/* xxHash 0.8: only XXH3_64bits is used; its 64-bit result imports as UInt64. */
#include <xxhash.h>
