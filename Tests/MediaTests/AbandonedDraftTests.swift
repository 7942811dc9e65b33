import Foundation
import Media
import Testing

/// What a process that died left beside its result.
@Suite struct AbandonedDraftTests {
    @Test func draftsOfDeadProcessesGoOnceTheyAreOld() throws {
        let folder = try ScratchFolder()
        // No process has the largest number that Linux gives, and ours runs.
        let (dead, own) = (4_194_304, ProcessInfo.processInfo.processIdentifier)
        let names = [
            ".film.mp4.\(dead)-1.partial", ".a.b.\(dead)-0f3a9c21.partial",
            ".film.mp4.\(own)-7.partial",
            ".young.\(dead)-1.partial", "film.mp4.\(dead)-1.partial", ".notes.partial",
        ]
        for name in names {
            let path = folder.path + "/" + name
            try Data("half".utf8).write(to: URL(fileURLWithPath: path))
            let age = name.contains("young") ? 60.0 : 7200
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -age)],
                ofItemAtPath: path
            )
        }
        try ResultFile.write(Data("whole".utf8), to: folder.path + "/new.bin")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(left) == Set(names[2...] + ["new.bin"]))
    }
}
