import Foundation
import GRDB
import Store
import Tensors
import TestSupport
import Testing

/// What the tests of check and repair begin with, and what they want to find again.
extension Fixture {
    /// A closed library with clips and a composition of the first one.
    static func closedLibrary(
        in folder: TemporaryFolder,
        count: Int = 4
    ) throws -> [NewClip] {
        let clips = (1...count).map { clip($0) }
        let library = try library(in: folder)
        _ = try library.commit(clips)
        try library.saveComposition(dance(of: clips[0]))
        return clips
    }

    static func dance(of clip: NewClip) -> NewComposition {
        NewComposition(
            name: "dance",
            hash: String(repeating: "ab", count: 32),
            recipeJSON: #"{"alpha":1}"#,
            parents: [clip.id]
        )
    }

    /// Puts what repair reads of the pack into a library.
    ///
    /// - Returns: The pack's folder.
    @discardableResult
    static func addPackFiles(to library: String) throws -> String {
        let folder = library + "/packs/faces"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(pack.manifestJSON.utf8).write(to: URL(fileURLWithPath: folder + "/pack.json"))
        return folder
    }

    static func catalogue(of folder: TemporaryFolder) throws -> DatabaseQueue {
        try DatabaseQueue(path: folder.library + "/catalog.sqlite")
    }

    /// Expects clips to be there with the numbers that they were given.
    static func expectWhole(_ clips: [NewClip], at path: String) throws {
        let library = try Library.open(at: path)
        for clip in clips {
            for asset in clip.assets {
                #expect(try library.tensor(of: clip.id, asset.kind)?.bytes == asset.tensor.bytes)
            }
        }
    }
}
