import Foundation
import Media
import Pipelines
import Testing

/// Masks in the user's words.
struct MaskSourceTests {
    private let source = MaskSource(rows: 4, columns: 6, regions: ["arm": [[0, 0], [1, 0]]])

    private func cells(_ masks: String...) throws -> [Double] {
        try source.weights(masks).flatMap { $0 }
    }

    @Test func aRegionIsItsCells() throws {
        #expect(try cells("arm") == (0..<24).map { [0, 6].contains($0) ? 1 : 0 })
    }

    @Test func cellsAreInclusiveCorners() throws {
        #expect(try cells("1,2-2,3").enumerated().filter { $0.1 == 1 }.map(\.0) == [8, 9, 14, 15])
        #expect(try cells("3,5").firstIndex(of: 1) == 23)
    }

    @Test func halvesAddUpToAll() throws {
        for (one, other) in [("left-half", "right-half"), ("top-half", "bottom-half")] {
            let sum = zip(try cells(one), try cells(other)).map { $0 + $1 }
            #expect(sum == (try cells("all")))
        }
    }

    @Test func aWeightScalesAndUnionTakesTheLarger() throws {
        let united = try cells("arm:0.5", "0,0-0,5:0.25")
        #expect(united[0] == 0.5 && united[1] == 0.25 && united[6] == 0.5 && united[12] == 0)
    }

    @Test func aGreyPictureIsResizedToTheGrid() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("mask-\(UUID().uuidString).png").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var pixels = [UInt8](repeating: 0, count: 12 * 8 * 3)
        for row in 0..<8 { for byte in 0..<18 { pixels[row * 36 + byte] = 255 } }
        try StillImage.write(RGBImage(width: 12, height: 8, pixels: pixels), to: path)
        #expect(try cells(path) == (try cells("left-half")))
    }

    @Test func aColouredPictureIsRefused() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("mask-\(UUID().uuidString).png").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try StillImage.write(RGBImage(width: 8, height: 8, red: 255, green: 0, blue: 0), to: path)
        #expect(throws: RequestError.self) { try cells(path) }
    }

    @Test(arguments: [
        "tail", "arm:2", "arm:-1", "arm:nan", "arm:x", "4,0-4,1", "1,1-0,0", "arm:0", "", "1,2-",
    ])
    func everythingElseIsRefused(mask: String) {
        #expect(throws: RequestError.self) { try source.weights([mask]) }
    }
}
