package import Foundation

extension CocoaError {
    /// What people read of an error of Foundation, which describes itself for programmers: file, problem, cause.
    package var message: String {
        if code == .fileWriteOutOfSpace {
            // Of a copy, the source is named as the file.
            let names = ["NSDestinationFilePath", NSFilePathErrorKey]
            let path = names.lazy.compactMap { userInfo[$0] as? String }.first
            return (path.map { "\"\($0)\": " } ?? "") + "the disk is full; make room and try again"
        }
        let underlying = (userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError }
        let cause =
            underlying.map { cause in
                cause.domain == NSPOSIXErrorDomain
                    ? "; \(String(cString: strerror(Int32(truncatingIfNeeded: cause.code))))"
                    : "; \(cause.localizedDescription)"
            } ?? ""
        let path = (userInfo[NSFilePathErrorKey] as? String).map { "\"\($0)\": " } ?? ""
        return path + localizedDescription + cause
    }
}
