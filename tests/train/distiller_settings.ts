const CHANNELS = "[16, 32, 64, 64]";
const SIZES = "[1, 7, 14, 28]";

/** The distillers beside WKD, with what their settings have to be for two resnet8 and images of 28 x 28. */
export const DISTILLERS: Readonly<Record<string, readonly string[]>> = {
  KD: [],
  DKD: [],
  FITNET: [],
  CRD: ["CRD.FEAT.STUDENT_DIM", "64", "CRD.FEAT.TEACHER_DIM", "64", "CRD.NCE.K", "4"],
  AT: [],
  SP: [],
  PKT: [],
  NST: [],
  RKD: [],
  VID: [],
  OFD: [],
  KDSVD: [],
  REVIEWKD: [
    ...["REVIEWKD.IN_CHANNELS", CHANNELS, "REVIEWKD.OUT_CHANNELS", CHANNELS],
    ...["REVIEWKD.SHAPES", SIZES, "REVIEWKD.OUT_SHAPES", SIZES],
  ],
};
