import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// Stacked pickles, as `torch.save` wrote them before version 1.6.
struct LegacyTorchTests {
    private func open(
        _ builder: LegacyTorchBuilder = LegacyTorchBuilder(),
        protocol version: UInt8 = 2,
        _ value: (inout PickleBuilder) -> Void
    ) throws -> LegacyTorchFile {
        let pickle = PickleBuilder.dictionary("a", protocol: version, value)
        return try LegacyTorchFile(path: "old.pth", data: builder.file(pickle))
    }

    @Test(arguments: [2, 3, 4, 5] as [UInt8])
    func tensorsLieBehindThePickles(version: UInt8) throws {
        var builder = LegacyTorchBuilder()
        builder.version = version
        let file = try open(builder, protocol: version) {
            $0.tensor(offset: 1, sizes: [2, 3], strides: [1, 2]) {
                $0.storage(count: 12, isLegacy: true)
            }
        }
        #expect(file.names == ["a"])
        #expect(file.format == .legacyTorch)
        #expect(file.layout("a") == TensorLayout(dtype: .float32, shape: [2, 3]))
        #expect(file.raw("a")?.float.scalars == [1, 3, 5, 2, 4, 6])
    }

    @Test func storagesAreReadInTheOrderOfTheirNames() throws {
        var builder = LegacyTorchBuilder()
        let doubles = Data([1.5, -2].flatMap { littleEndian(($0 as Double).bitPattern) })
        builder.storages.insert(("late", 2, doubles), at: 0)
        let file = try open(builder) { pickle in
            pickle.code("(")
            pickle.tensor(sizes: [1], strides: [1]) { $0.storage(count: 12, isLegacy: true) }
            pickle.tensor(sizes: [2], strides: [1]) {
                $0.storage("late", type: "DoubleStorage", count: 2, isLegacy: true)
            }
            pickle.code("t")
        }
        #expect(file.raw("a.0")?.float.scalars == [0])
        #expect(file.raw("a.1")?.double.scalars == [1.5, -2])
    }

    @Test func aViewIsAPartOfItsStorage() throws {
        let file = try open {
            $0.tensor(offset: 1, sizes: [2], strides: [1]) {
                $0.storage(count: 12, view: ("v", 4, 3))
            }
        }
        #expect(file.raw("a")?.float.scalars == [5, 6])
    }

    @Test(arguments: [(4, 9), (-1, 3), (13, 0), (0, Int.max), (Int.max, Int.max)])
    func aViewOutsideItsStorageIsRefused(offset: Int, count: Int) {
        #expect(throws: CheckpointError.self) {
            try open {
                $0.tensor(sizes: [1], strides: [1]) {
                    $0.storage(count: 12, view: ("v", offset, count))
                }
            }
        }
    }

    @Test func classesOfModulesStayNames() throws {
        // ('module', class, file, source), as torch.save wrote for whole networks.
        var builder = LegacyTorchBuilder()
        builder.storages = []
        let file = try open(builder) { pickle in
            pickle.code("(")
            pickle.string("module")
            pickle.global("my.models", "Net")
            pickle.string("net.py")
            pickle.string("raise SystemExit")
            pickle.code("t")
            pickle.code("Q")
            pickle.code(")")
            pickle.raw([0x81])
        }
        guard case .object(let object)? = file.value["a"] else {
            Issue.record("a network is an inert object")
            return
        }
        #expect(object.type == "my.models.Net")
        #expect(file.placeholders == ["my.models.Net"])
    }

    @Test func filesThatLieAreRefused() {
        func file(
            _ change: (inout LegacyTorchBuilder) -> Void = { _ in },
            claim: Int = 12,
            type: String = "FloatStorage"
        ) -> Data {
            var builder = LegacyTorchBuilder()
            change(&builder)
            return builder.file(
                PickleBuilder.dictionary("a") {
                    $0.tensor(sizes: [1], strides: [1]) {
                        $0.storage(type: type, count: claim, isLegacy: true)
                    }
                }
            )
        }
        let liars = [
            file { $0.torchVersion = 1000 },
            file { $0.storages = [] },
            file { $0.storages.append(("0", 12, twelveFloats)) },
            file { $0.storages.append(("unused", 12, twelveFloats)) },
            file { $0.storages[0].count = 13 }, file { $0.storages[0].count = -1 },
            file { $0.storages[0].bytes.removeLast() }, file { $0.storages[0].bytes.append(0) },
            file(claim: 13), file(claim: -1), file(claim: .max),
            file({ $0.storages[0].count = .max }, claim: .max, type: "DoubleStorage"),
        ]
        #expect(throws: Never.self) { try LegacyTorchFile(path: "sound.pth", data: file()) }
        for (index, liar) in liars.enumerated() {
            #expect(throws: CheckpointError.self, "file \(index)") {
                try LegacyTorchFile(path: "lie.pth", data: liar)
            }
        }
    }

    @Test func everyTruncationIsRefused() {
        let pickle = PickleBuilder.dictionary("a") {
            $0.tensor(sizes: [12], strides: [1]) { $0.storage(count: 12, isLegacy: true) }
        }
        let file = LegacyTorchBuilder().file(pickle)
        for length in 0..<file.count {
            #expect(throws: CheckpointError.self, "\(length) bytes") {
                try LegacyTorchFile(path: "attack.pt", data: file.prefix(length))
            }
        }
    }
}
