internal import Media
internal import Metrics

/// What separates one picture from the true one.
struct FrameDifference: Sendable {
    var psnr: Double?
    var ssim: Double?
    var figurePSNR: Double?
    var figureSSIM: Double?

    init(_ picture: RGBImage, _ truth: SampleFilm.Frame) {
        self.init(picture, truth.image, mask: truth.mask)
    }

    init(_ picture: RGBImage, _ truth: RGBImage, mask: [Bool]?) {
        psnr = PixelDifference.psnr(picture.pixels, truth.pixels)
        let masks = [nil, mask]
        let similarities = StructuralSimilarity.means(
            picture.pixels,
            truth.pixels,
            width: truth.width,
            masks: mask == nil ? [nil] : masks
        )
        ssim = similarities[0]
        guard let mask else { return }
        figurePSNR = PixelDifference.psnr(picture.pixels, truth.pixels, mask: mask)
        figureSSIM = similarities[1]
    }
}

extension ScoreTable {
    /// Counts what separates pictures from true frames, and their joints if there is a probe.
    mutating func add(
        _ row: String,
        _ pictures: [RGBImage],
        _ truth: [SampleFilm.Frame],
        _ judges: EvaluationJudges
    ) {
        precondition(pictures.count == truth.count, "\(pictures.count) of \(truth.count) frames")
        let pairs = zip(pictures, truth).map { ComparedFrame(picture: $0, truth: $1) }
        for difference in concurrentMap(pairs, { FrameDifference($0.picture, $0.truth) }) {
            add(row, .psnr, difference.psnr)
            add(row, .ssim, difference.ssim)
            add(row, .figurePSNR, difference.figurePSNR)
            add(row, .figureSSIM, difference.figureSSIM)
        }
        guard truth.first?.joints != nil, let found = judges.joints(pictures) else { return }
        for (points, frame) in zip(found, truth) {
            add(row, .joints, frame.joints.flatMap { JointError.mean(points, $0) })
        }
    }

    /// Counts how steady a film is: pairs of frames that follow one another.
    mutating func add(_ row: String, steady pairs: [(RGBImage, RGBImage)]) {
        let items = pairs.map { FollowingFrames(first: $0, second: $1) }
        let errors = concurrentMap(items) { pair in
            SteadyPair(
                WarpingError.between(
                    pair.first.pixels,
                    pair.second.pixels,
                    width: pair.first.width
                )
            )
        }
        for error in errors {
            add(row, .warping, error.error)
            add(row, .warpingCoverage, error.coverage)
        }
    }
}

private struct ComparedFrame: Sendable {
    let picture: RGBImage
    let truth: SampleFilm.Frame
}

private struct FollowingFrames: Sendable {
    let first: RGBImage
    let second: RGBImage
}

private struct SteadyPair: Sendable {
    let error: Double?
    let coverage: Double?

    init(_ found: (error: Double, coverage: Double)?) {
        (error, coverage) = (found?.error, found?.coverage)
    }
}
