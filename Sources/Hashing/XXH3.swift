internal import CXXHash

/// The xxh3-64 hash, seed 0: no protection against intent, but against bit rot, at the speed of memory.
public func xxh3(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits(bytes.baseAddress, bytes.count)
}
