import Foundation
import Glibc
import Synchronization

/// Results that grew under a hidden name, `.NAME.PID-X.partial`, when their process died.
package enum AbandonedDrafts {
    private static let seen = Mutex<Set<String>>([])

    /// Deletes those in a folder, once for each folder in the life of this process.
    ///
    /// A draft is abandoned if no process of its number runs here and nothing was written for an hour: on a
    /// network file system it may grow from another machine. One that resists is left for the next time.
    ///
    /// - Parameter folder: Where a result is about to be made.
    package static func delete(in folder: String) {
        guard seen.withLock({ $0.insert(folder).inserted }) else { return }
        // A folder that cannot be listed is told by whoever writes there.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names {
            guard let process = process(of: name), kill(process, 0) != 0, errno == ESRCH else {
                continue
            }
            let path = folder + "/" + name
            var facts = stat()
            guard lstat(path, &facts) == 0, Int(facts.st_mtim.tv_sec) + 3600 < time(nil) else {
                continue
            }
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// The process that made a draft of a name; nil if it is no draft.
    private static func process(of name: String) -> pid_t? {
        guard name.hasPrefix("."), name.hasSuffix(".partial") else { return nil }
        let words = name.dropLast(8).split(separator: ".").last?.split(separator: "-") ?? []
        guard words.count == 2, let process = pid_t(words[0]), process > 0,
            words[1].allSatisfy({ $0.isHexDigit })
        else { return nil }
        return process
    }
}
