import Foundation
import Tensors
import Testing

/// Networks see an archive through a prefix, and hear what is wrong with it by name.
struct WeightsTests {
    private struct Archive: TensorArchive {
        let path = "weights.test"
        let tensors: [String: RawTensor]
        var names: [String] { tensors.keys.sorted() }
        func raw(_ name: String) -> RawTensor? { tensors[name] }
    }

    private let root = Weights(
        Archive(tensors: [
            "net.a.weight": RawTensor(Tensor<Float>(repeating: 2, shape: [2, 3])),
            "net.a.bias": RawTensor(Tensor<Float>(shape: [2], scalars: [1, .nan])),
            "netother": RawTensor(Tensor<Double>(repeating: 1, shape: [1])),
        ])
    )

    @Test func scopesAddUp() throws {
        let scope = root.scoped("net.").scoped("a.")
        #expect(scope.names == ["bias", "weight"])
        #expect(scope.has("weight"))
        #expect(!scope.has("net.a.weight"))
        #expect(scope.shape("weight") == [2, 3])
        #expect(scope.shape("other") == nil)
        #expect(try scope.float("weight").scalars == [Float](repeating: 2, count: 6))
        #expect(try scope.double("weight", [-1, 3]).shape == [2, 3])
        #expect(root.scoped("none.").names == [])
    }

    @Test func messagesGiveTheFullName() {
        let scope = root.scoped("net.a.")
        func message(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            message { _ = try scope.float("gain", [4]) }
                == "weights \"weights.test\": tensor net.a.gain is missing, expected with shape [4]"
        )
        #expect(
            message { _ = try scope.float("weight", [2, 4]) }
                == "weights \"weights.test\": tensor net.a.weight is [2, 3], expected [2, 4]"
        )
        #expect(message { _ = try scope.raw("weight", [6]) }.contains("expected [6]"))
        #expect(
            message { _ = try scope.float("bias", [2]) }
                == "weights \"weights.test\": tensor net.a.bias holds NaN or infinity"
        )
        #expect(message { _ = try scope.double("bias") }.contains("NaN or infinity"))
    }
}
