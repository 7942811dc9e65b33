import Foundation
import GRDB

extension StoreError {
    /// Turns what a call into the store threw into our error.
    ///
    /// - Parameters:
    ///   - error: Ours is passed on; those of SQLite and Foundation are explained.
    ///   - doing: What was tried, as a verb phrase.
    ///   - folder: The library.
    init(_ error: any Error, _ doing: String, _ folder: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        if let error = error as? RowDecodingError {
            self.init(
                .damaged,
                "library \"\(folder)\": cannot \(doing): \(Library.catalogName) is damaged "
                    + "(\(error)); mend it with vsdb repair, or restore it from a backup"
            )
            return
        }
        guard let error = error as? DatabaseError else {
            if let (code, file) = Self.systemFault(error as NSError) {
                self = StoreError.system(code, doing, file ?? folder)
            } else {
                self.init(.failed, "library \"\(folder)\": cannot \(doing): \(error)")
            }
            return
        }
        let isShort = freeByteCount(folder) < 1 << 26
        let place = "library \"\(folder)\": cannot \(doing)"
        let text = error.message ?? error.resultCode.description
        switch error.resultCode.primaryResultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            // sqlite.org/walformat.html: whoever writes holds byte 120 of the log's index.
            self = StoreError.locked(
                "\"\(folder)\": cannot \(doing)",
                by: LockHolders(
                    of: "\(folder)/\(Library.catalogName)-shm",
                    kind: .posix,
                    byte: 120
                )
            )
        case .SQLITE_FULL:
            self = StoreError.diskFull(folder, needed: nil)
        case .SQLITE_IOERR where isShort,
            // Its log could not be made, or it was opened for reading only as there is no room.
            .SQLITE_CANTOPEN where isShort && !cannotWrite(folder),
            .SQLITE_READONLY where isShort && !cannotWrite(folder):
            self = StoreError.diskFull(folder, needed: nil)
        // Our statements fit our tables, and an older catalogue is read as a copy that took all steps.
        case .SQLITE_ERROR
        where text.hasPrefix("no such table") || text.hasPrefix("no such column"),
            .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .damaged,
                "\(place): \(Library.catalogName) is damaged (\(text)); mend it with vsdb repair, or restore it from a backup"
            )
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            self.init(
                .notWritable,
                "\(place): \(text); give yourself the right to read and write "
                    + "\"\(unwritablePart(ofLibrary: folder) ?? folder)\""
            )
        case .SQLITE_CONSTRAINT:
            self.init(
                .failed,
                "\(place): a row breaks a rule of the catalogue (\(text)); see vsdb check"
            )
        case .SQLITE_IOERR:
            self.init(.failed, "\(place): \(text); \(Self.failingDisk)")
        default:
            self.init(.failed, "\(place): \(text)")
        }
    }

    /// The failed system call behind an error of Foundation, and the file that it names.
    private static func systemFault(_ error: NSError) -> (code: Int32, file: String?)? {
        let file = error.userInfo[NSFilePathErrorKey] as? String
        if error.domain == NSPOSIXErrorDomain { return (Int32(error.code), file) }
        guard let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error,
            let found = systemFault(cause as NSError)
        else { return nil }
        return (found.code, found.file ?? file)
    }
}

extension DatabaseError {
    /// Whether SQLite met pages or tables that are not what was written, and not a disk that fails.
    ///
    /// Our statements fit our tables: an error in them is of tables that changed.
    var isDamage: Bool {
        [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR].contains(resultCode.primaryResultCode)
    }
}
