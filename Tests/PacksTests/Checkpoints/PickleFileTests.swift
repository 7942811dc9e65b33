import CheckpointFixtures
import Foundation
import Packs
import Tensors
import Testing

/// Pickles that hold their tensors, as NVIDIA writes networks.
struct PickleFileTests {
    private func open(
        protocol version: UInt8 = 4,
        _ body: (inout PickleBuilder) -> Void
    ) throws -> PickleFile {
        try PickleFile(
            path: "net.pkl",
            data: PickleBuilder.dictionary("G_ema", protocol: version, body)
        )
    }

    /// A module with a parameter, two buffers, and a tensor that its state dictionary does not
    /// have.
    private func module(_ pickle: inout PickleBuilder) {
        pickle.persistent("Net") { pickle in
            pickle.code("}")
            for (part, names) in [
                ("_parameters", ["weight"]), ("_buffers", ["mean", "scratch"]), ("_modules", []),
            ] {
                pickle.string(part)
                pickle.code("}")
                for name in names {
                    pickle.string(name)
                    pickle.nestedTensor(LegacyTorchBuilder.storage, sizes: [3], strides: [4])
                    pickle.code("s")
                }
                pickle.code("s")
            }
            pickle.string("last_output")
            pickle.nestedTensor(LegacyTorchBuilder.storage, sizes: [1], strides: [1])
            pickle.code("s")
            pickle.string("_non_persistent_buffers_set")
            pickle.global("builtins", "set")
            pickle.code("]")
            pickle.string("scratch")
            pickle.code("a")
            pickle.raw([0x85])
            pickle.code("R")
            pickle.code("s")
        }
    }

    @Test(arguments: [3, 4, 5] as [UInt8])
    func namesAreThoseOfTheStateDictionary(version: UInt8) throws {
        let file = try open(protocol: version, module)
        #expect(file.names == ["G_ema.mean", "G_ema.weight"])
        #expect(file.raw("G_ema.weight")?.float.scalars == [0, 4, 8])
        #expect(file.placeholders.isEmpty)
    }

    @Test func protocolTwoHoldsBytesAsText() throws {
        let text = String(
            String.UnicodeScalarView(LegacyTorchBuilder.storage.map(Unicode.Scalar.init))
        )
        let file = try open(protocol: 2) { pickle in
            pickle.tensor(sizes: [12], strides: [1]) { pickle in
                pickle.global("torch.storage", "_load_from_bytes")
                pickle.global("_codecs", "encode")
                pickle.string(text)
                pickle.string("latin1")
                pickle.raw([0x86])
                pickle.code("R")
                pickle.raw([0x85])
                pickle.code("R")
            }
        }
        #expect(file.raw("G_ema")?.bytes == twelveFloats)
    }

    @Test(arguments: [
        ("f8", "<", littleEndian((2.5 as Double).bitPattern)),
        ("f4", ">", littleEndian((2.5 as Float).bitPattern).reversed()),
        ("f2", "<", littleEndian((2.5 as Float16).bitPattern)),
    ])
    func scalarsOfNumPyAreNumbers(code: String, order: String, bytes: [UInt8]) throws {
        for module in ["numpy.core.multiarray", "numpy._core.multiarray"] {
            let file = try open { $0.scalar(module, code, order, bytes) }
            #expect(file.value["G_ema"]?.double == 2.5)
        }
    }

    @Test func wholeNumbersOfNumPyKeepTheirSign() throws {
        for (code, bytes) in [("i8", 8), ("i4", 4), ("i2", 2), ("i1", 1)] {
            let file = try open {
                $0.scalar(
                    "numpy.core.multiarray",
                    code,
                    "|",
                    [UInt8](repeating: 0xFF, count: bytes)
                )
            }
            #expect(file.value["G_ema"]?.integer == -1, "\(code)")
        }
        let flag = try open { $0.scalar("numpy.core.multiarray", "b1", "|", [1]) }
        #expect(flag.value["G_ema"]?.bool == true)
        // More bytes than the type has, or a type that is no number, leave an object.
        let wrong = try open { $0.scalar("numpy.core.multiarray", "i4", "|", [1]) }
        #expect(wrong.value["G_ema"]?.integer == nil)
    }

    @Test func torchFilesInThePickleThatLieAreRefused() {
        let sound = LegacyTorchBuilder.storage
        var nested = PickleBuilder()
        nested.loadFromBytes(sound)
        var builder = LegacyTorchBuilder()
        builder.storages = []
        let liars = [
            sound.dropLast(1), sound + [0], sound.dropFirst(1), Data(), sound.prefix(20),
            builder.file(nested.ended),
            builder.file(PickleBuilder.dictionary("a") { $0.code("N") }),
        ]
        for (index, liar) in liars.enumerated() {
            #expect(throws: CheckpointError.self, "file \(index)") {
                try open { $0.nestedTensor(Data(liar), sizes: [1], strides: [1]) }
            }
        }
        #expect(throws: CheckpointError.self) {
            try open { $0.nestedTensor(sound, sizes: [13], strides: [1]) }
        }
    }

    @Test func persistentObjectsThatLieAreRefused() {
        for body: (inout PickleBuilder) -> Void in [
            { $0.code(")") },
            {
                $0.code("N")
                $0.raw([0x85])
            },
            {
                $0.code("}")
                $0.raw([0x85])
            },
        ] {
            #expect(throws: CheckpointError.self) {
                try open { pickle in
                    pickle.global("torch_utils.persistence", "_reconstruct_persistent_obj")
                    body(&pickle)
                    pickle.code("R")
                }
            }
        }
    }

    @Test func bytesBehindThePickleAndStoragesOutsideOfItAreRefused() {
        let pickle = PickleBuilder.dictionary("a") { $0.code("N") }
        #expect(throws: CheckpointError.self) { try PickleFile(path: "x.pkl", data: pickle + [0]) }
        #expect(throws: CheckpointError.self) { try open { $0.storage(count: 1) } }
        for length in 0..<pickle.count {
            #expect(throws: CheckpointError.self) {
                try PickleFile(path: "x.pkl", data: pickle.prefix(length))
            }
        }
    }
}

extension PickleBuilder {
    /// A call of `scalar(dtype, bytes)`, the type with its state.
    fileprivate mutating func scalar(
        _ module: String,
        _ type: String,
        _ order: String,
        _ bytes: [UInt8]
    ) {
        global(module, "scalar")
        global("numpy", "dtype")
        string(type)
        raw([0x89, 0x88, 0x87])
        code("R")
        code("(")
        integer(3)
        string(order)
        code("t")
        code("b")
        self.bytes(Data(bytes))
        raw([0x86])
        code("R")
    }
}
