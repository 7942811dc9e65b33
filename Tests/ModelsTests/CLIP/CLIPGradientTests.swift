import Models
import Packs
import Tensors
import TestSupport
import Testing

/// The gradient of CLIP's image features, for which no golden stands alone.
struct CLIPGradientTests {
    @Test(arguments: try Goldens.cases(number: 4, prefix: "clip_small"))
    func goldenImagesHaveTheSlopeOfTheirGradient(golden: GoldenCase) throws {
        let weights = Weights(try Checkpoint.open(path: golden.path("weights")))
        let model = try CLIPModel(CLIPConfig(inferredFrom: weights), weights)
        let io = try Goldens.io(golden)
        let images = try Goldens.tensor("image", in: io).float
        let (features, trace) = model.encodeImageTraced(images)
        #expect(features == model.encodeImage(images))
        // The loss is half the squared length of all features, so its gradient is the features.
        let gradient = model.imageGradient(features, trace)
        let length = squaredLength(gradient).squareRoot()
        let step = 0.02
        func loss(_ sign: Double) -> Double {
            let factor = Float(sign * step / length)
            let moved = zip(images.scalars, gradient.scalars).map { $0 + factor * $1 }
            let features = model.encodeImage(Tensor(shape: images.shape, scalars: moved))
            return squaredLength(features) / 2
        }
        let slope = (loss(1) - loss(-1)) / (2 * step)
        // Central differences of float32 features: rounding and the third derivative both stay below this.
        #expect(abs(slope - length) < 2e-3 * length, "slope \(slope), gradient \(length)")
    }

    private func squaredLength(_ x: Tensor<Float>) -> Double {
        x.scalars.reduce(0) { $0 + Double($1) * Double($1) }
    }
}
