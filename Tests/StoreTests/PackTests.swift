import Foundation
import Store
import TestSupport
import Testing

/// Rows of packs and the default pack.
@Suite struct PackTests {
    @Test func packsComeBackAndTheFirstIsTheDefault() throws {
        let folder = try TemporaryFolder()
        let library = try Library.create(at: folder.library)
        #expect(try library.defaultPack() == nil)
        let time = Date(timeIntervalSince1970: 1_700_000_000.5)
        var faces = Fixture.pack
        faces.added = time
        let fashion = PackRecord(
            name: "fashion",
            fingerprint: String(repeating: "0F", count: 32),
            manifestJSON: #"{"family":"stylegan2","resolution":1024}"#,
            added: time
        )
        try library.registerPack(fashion)
        try library.registerPack(faces)
        try library.registerPack(faces)
        #expect(try library.packs() == [faces, fashion])
        #expect(fashion.folder == "packs/fashion")
        #expect(try library.defaultPack() == fashion)
        try library.setDefaultPack(named: "faces")
        #expect(try library.defaultPack() == faces)
        #expect(try library.pack(named: "0f0f") == fashion)
        #expect(try library.pack(named: "fashion") == fashion)
        let error = expectFailure(.unknownReference) { try library.pack(named: "fases") }
        #expect(error?.description.contains("did you mean faces") == true)
    }

    @Test func namesAndFingerprintsAreUnique() throws {
        let folder = try TemporaryFolder()
        let library = try Fixture.library(in: folder)
        var other = Fixture.pack
        other.name = "others"
        expectFailure(.conflict) { try library.registerPack(other) }
        other = Fixture.pack
        other.fingerprint = String(repeating: "12", count: 32)
        expectFailure(.conflict) { try library.registerPack(other) }
        other.name = "a/b"
        expectFailure(.invalidValue) { try library.registerPack(other) }
        other.name = "x"
        other.manifestJSON = "7"
        expectFailure(.invalidValue) { try library.registerPack(other) }
        other.manifestJSON = "{}"
        other.fingerprint = "xyz"
        expectFailure(.invalidValue) { try library.registerPack(other) }
    }
}
