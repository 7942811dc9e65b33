internal import Training

/// A request to train networks on a folder of clips or pictures.
public struct FolderTrainingRequest<Config: Sendable>: Sendable {
    /// The folder with clips or pictures.
    public var data: String
    /// The folder of the run.
    public var run: String
    /// What is trained, and how.
    public var config: Config
    /// At most so many frames of each clip.
    public var framesPerClip: Int
    /// Whether to go on from the newest checkpoint of the run.
    public var resumes: Bool

    /// Collects the request.
    public init(
        data: String,
        run: String,
        config: Config,
        framesPerClip: Int,
        resumes: Bool
    ) {
        self.data = data
        self.run = run
        self.config = config
        self.framesPerClip = framesPerClip
        self.resumes = resumes
    }

    /// Reads the frames, once in the life of a run.
    ///
    /// - Throws: `RequestError`, `TrainingError`, `InterruptedError`.
    func pictures(
        height: Int,
        width: Int,
        cancellation: Cancellation,
        reading: (Int, Int) -> Void
    ) throws -> (pictures: PictureSet, skipped: [String]) {
        try TrainingRun.require(run, apartFrom: data)
        return try PictureSetFolder(
            folder: data,
            height: height,
            width: width,
            framesPerClip: framesPerClip
        ).read(run: run, cancellation: cancellation, progress: reading)
    }
}
