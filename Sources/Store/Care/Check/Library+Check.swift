import Foundation
import GRDB
import Glibc

extension Library {
    /// Checks a library, also one that cannot be opened.
    ///
    /// Structure: the manifest, the catalogue's pages, keys and checksums of rows, every page of the
    /// tensor file's trees, and that every asset has its record. Nothing changes; SQLite may write its log back.
    ///
    /// - Parameters:
    ///   - path: Its folder.
    ///   - readData: Whether to read all numbers, too, and compare their checksums.
    ///   - waitSeconds: How long to wait for other processes.
    /// - Returns: Everything that is wrong; damage does not end the check.
    /// - Throws: `StoreError`: `.noLibrary`, `.locked`, `.newerFormat`.
    public static func check(
        at path: String,
        readData: Bool = true,
        waitSeconds: Double = 10
    ) throws(StoreError) -> LibraryCheck {
        let path = absolute(path)
        guard isLibrary(path) else { throw noLibrary(at: path) }
        func run(isFrozen: Bool, _ claim: LibraryLock.Claim) throws(StoreError) -> LibraryCheck {
            do {
                var checker = LibraryChecker(path: path, readsData: readData)
                return try checker.run(waitSeconds, isFrozen: isFrozen, claim)
            } catch { throw StoreError(error, "check it", path) }
        }
        do {
            return try run(isFrozen: unwritablePart(ofLibrary: path) != nil, .shared)
        } catch {
            // As in `open`: without room for the files beside the library's it is read alone.
            guard error.kind == .noSpace, let check = try? run(isFrozen: true, .alone) else {
                throw error
            }
            return check
        }
    }
}
