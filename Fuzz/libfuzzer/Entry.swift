import Foundation
import ReaderFuzzing

/// What libFuzzer calls: the first byte chooses the reader, the others are the file.
///
/// Source: LLVM's documentation of libFuzzer, "Fuzz Target".
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let readers = FuzzedReader.allCases.filter { $0 != .huggingFaceIndex }
    guard count > 0 else { return 0 }
    let file = Data(bytes: start + 1, count: count - 1)
    _ = readers[Int(start[0]) % readers.count].read(file)
    return 0
}
