import Foundation
import Glibc

extension Asset {
    /// What is wrong with a record that was found in the file, or not; nil if nothing is.
    ///
    /// - Throws: `StoreError`, `.failed` if the disk does not give the bytes.
    func fault(
        in file: Int32,
        at place: TensorFileAudit.Place?,
        _ buffer: inout [UInt8],
        readsData: Bool
    ) throws(StoreError) -> String? {
        guard let place else { return "is missing" }
        guard place.byteCount == TensorHeader.byteCount + byteCount else {
            return "has \(place.byteCount) bytes instead of \(TensorHeader.byteCount + byteCount)"
        }
        guard readsData else { return nil }
        if buffer.count < place.byteCount {
            buffer = [UInt8](repeating: 0, count: place.byteCount)
        }
        let count = buffer.withUnsafeMutableBytes {
            pread(file, $0.baseAddress, place.byteCount, off_t(place.offset))
        }
        guard count >= 0 else {
            throw StoreError(
                .failed,
                "tensors: byte \(place.offset) cannot be read: \(String(cString: strerror(errno))); the "
                    + "disk may fail: copy the library to another one and work on the copy"
            )
        }
        guard count == place.byteCount else { return "was cut short" }
        return buffer.withUnsafeBytes { bytes in
            let value = UnsafeRawBufferPointer(rebasing: bytes[..<place.byteCount])
            do throws(RecordFault) { _ = try check(value) } catch { return error.rule }
            return nil
        }
    }
}
