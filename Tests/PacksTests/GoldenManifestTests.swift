import Foundation
import Tensors
import TestSupport
import Testing

struct GoldenManifestTests {
    @Test func everyListedFileInTheFolderHasItsListedSize() throws {
        let cases = try Goldens.cases()
        #expect(!cases.isEmpty)
        for golden in cases {
            for role in golden.files.keys {
                guard let url = golden.url(role),
                    let listed = golden.json["files"]?[role]?["bytes"]?.int
                else { continue }
                let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size]
                #expect((size as? NSNumber)?.intValue == listed, "\(golden.name) \(role)")
            }
        }
    }

    @Test(arguments: try Goldens.cases(having: "io"))
    func ioHoldsTheTensorsOfTheManifest(golden: GoldenCase) throws {
        let file = try Goldens.io(golden)
        for (name, entry) in golden.json["tensors"]?.object ?? [:] {
            #expect(try Goldens.tensor(name, in: file).shape == entry[0]?.ints, "\(name)")
        }
    }
}
