/**
Most texts: letters of ASCII, and the signs that the program itself draws with. In them nothing is hidden, and each character takes one cell; no table of Unicode has to
be asked, which takes milliseconds to be loaded.
*/

/** Without those of the range that may be shown as an emoji. */
export const plainText = /^[\u0020-\u007E\u00B7\u00D7\u2016\u2026\u203A\u2190-\u2193\u21B6\u21BB\u2500-\u25A9\u25AC-\u25B5\u25B7-\u25BF\u25C1-\u25FA\u25FF\u2713\u2717]*$/;
