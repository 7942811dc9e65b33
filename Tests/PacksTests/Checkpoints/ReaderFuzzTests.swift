import Foundation
import ReaderFuzzing
import TestSupport
import Testing

/// Changed files of every form; `make fuzz` runs the same for longer, under sanitizers.
struct ReaderFuzzTests {
    @Test(
        arguments: [
            (.safetensors, 2000), (.torchArchive, 2000), (.torchPickle, 2000), (.legacyTorch, 2000),
            (.pickle, 2000), (.huggingFaceIndex, 200),
        ] as [(FuzzedReader, Int)]
    )
    func changedSmallFilesAreReadOrRefused(reader: FuzzedReader, count: Int) {
        var campaign = FuzzCampaign(
            reader,
            seeds: FuzzSeeds.all(for: reader),
            seed: 20_260_101
        )
        #expect(FuzzSeeds.built(for: reader).allSatisfy { reader.read($0) }, "seeds are sound")
        #expect(!FuzzSeeds.attacks(for: reader).contains { reader.read($0) }, "attacks are refused")
        campaign.run(count)
        print(campaign)
        #expect(campaign.readCount < count)
    }

    @Test func changedGoldensOfEveryFormAreReadOrRefused() throws {
        let forms: [(role: String, suffix: String, reader: FuzzedReader)] = [
            ("weights", "safetensors", .safetensors), ("checkpoint", "pt", .torchArchive),
            ("checkpoint", "ckpt", .torchArchive), ("checkpoint", "pth", .torchArchive),
            ("torchscript", "pt", .torchArchive), ("pickle", "pkl", .pickle),
        ]
        let cases = try Goldens.cases()
        for (role, suffix, reader) in forms {
            // The smallest ones leave more time for changes.
            let seeds = try cases.compactMap { $0.url(role) }
                .filter { $0.pathExtension == suffix }
                .map { try Data(contentsOf: $0) }
                .sorted { $0.count < $1.count }.prefix(2)
                .filter { $0.count < 4_000_000 }
                .map { reader == .torchArchive ? FuzzSeeds.withoutChecksums($0) : $0 }
            guard !seeds.isEmpty else { continue }
            #expect(seeds.allSatisfy { reader.read($0) }, "goldens are sound")
            var campaign = FuzzCampaign(reader, seeds: seeds, seed: 20_260_102)
            campaign.run(60)
            print("goldens, .\(suffix) as \(role), \(campaign)")
        }
    }
}
