/** How the value of a profile parameter is written in octets (cisco.md §6.2). */
export type AtaType = "ip" | "number" | "bitmap" | "digits" | "text" | "flag" | "shorts" | "ip-port";

/** One parameter of a 7902/7905/7912 or ATA profile. */
export interface AtaTag {
  readonly tag: number;
  /** The first name is the one that is written; names are matched without regard to letter case. */
  readonly names: readonly string[];
  readonly type: AtaType;
  /** Octets that the phone keeps; a text holds one fewer. */
  readonly size: number;
  readonly secret?: true;
  /** Came with release 3.0: goes into the second file of a profile that is split. */
  readonly extended?: true;
}

const ip = (tag: number, ...names: string[]): AtaTag => ({ tag, names, type: "ip", size: 4 });
const number = (tag: number, ...names: string[]): AtaTag => ({ tag, names, type: "number", size: 4 });
const bitmap = (tag: number, ...names: string[]): AtaTag => ({ tag, names, type: "bitmap", size: 4 });
const flag = (tag: number, ...names: string[]): AtaTag => ({ tag, names, type: "flag", size: 1 });
const text = (tag: number, size: number, ...names: string[]): AtaTag => ({ tag, names, type: "text", size });
const secret = (tag: number, size: number, ...names: string[]): AtaTag => ({
  ...text(tag, size, ...names),
  secret: true,
});
const shorts = (tag: number, size: number, ...names: string[]): AtaTag => ({ tag, names, type: "shorts", size });

/**
 * Tags of the ATA 186/188 3.1 parameter table (grade B: a public re-implementation of cfgfmt and its notes). The 7905 and
 * 7912 use the same numbers for the same things (grade C); their own tags from 1001 on are known by number alone.
 */
export const ATA_TAGS: readonly AtaTag[] = [
  ip(3, "StaticIP"),
  ip(4, "StaticRoute"),
  ip(5, "StaticNetMask"),
  number(7, "RxCodec", "PrfCodec"),
  number(8, "TxCodec"),
  ip(9, "DNS1IP"),
  ip(10, "DNS2IP"),
  number(11, "NumTxFrames"),
  bitmap(12, "AutMethod"),
  number(13, "SIPRegInterval"),
  number(14, "MaxRedirect"),
  flag(15, "Dhcp"),
  flag(17, "IPDialTone"),
  flag(18, "UseSIP", "UseMGCP"),
  flag(19, "SIPRegOn"),
  flag(20, "UseTftp"),
  flag(21, "UseLoginID", "UseH323ID"),
  { tag: 23, names: ["UIPassword"], type: "digits", size: 10, secret: true },
  ip(24, "NTPIP"),
  secret(25, 32, "UID0", "CA0UID"),
  secret(26, 32, "PWD0"),
  secret(27, 32, "UID1", "CA1UID"),
  secret(28, 32, "PWD1"),
  text(29, 32, "GkOrProxy", "CA0orCM0"),
  text(30, 32, "Gateway"),
  text(31, 32, "GkId"),
  text(32, 32, "TftpURL"),
  { tag: 35, names: ["NPrintf"], type: "ip-port", size: 6 },
  shorts(36, 22, "DialTone"),
  shorts(37, 22, "BusyTone"),
  shorts(38, 34, "ReorderTone"),
  shorts(39, 22, "RingBackTone"),
  shorts(40, 22, "CallWaitTone"),
  text(41, 200, "DialPlan"),
  shorts(43, 22, "DialTone2"),
  secret(44, 52, "LoginID0", "H323id0", "EPID0orSID0"),
  secret(45, 52, "LoginID1", "H323id1", "EPID1orSID1"),
  shorts(47, 22, "AlertTone", "ConfirmTone"),
  shorts(48, 34, "SITone"),
  flag(49, "ToConfig"),
  number(50, "CfgInterval"),
  number(52, "IPDialPlan"),
  number(54, "LBRCodec"),
  bitmap(55, "Polarity"),
  number(56, "TimeZone"),
  bitmap(57, "ConnectMode"),
  bitmap(58, "AudioMode"),
  bitmap(59, "TraceFlags"),
  shorts(60, 6, "RingOnOffTime", "RingCadence"),
  { ...text(61, 9, "EncryptKey"), secret: true },
  bitmap(62, "CallFeatures"),
  text(63, 248, "CallCmd"),
  bitmap(64, "PaidFeatures"),
  bitmap(65, "CallerIdMethod"),
  text(66, 32, "AltTftpURL"),
  text(67, 32, "AltGk", "CA1orCM1"),
  ip(68, "NATIP"),
  number(69, "SIPPort"),
  number(70, "MediaPort"),
  number(71, "GkTimeToLive"),
  bitmap(72, "UDPTOS", "TOS"),
  number(74, "AltGkTimeOut"),
  text(75, 32, "SipOutBoundProxy"),
  bitmap(76, "SigTimer"),
  bitmap(77, "OpFlags"),
  ip(78, "AltNTPIP"),
  text(90, 248, "CodecName"),
  number(91, "MGCPPort"),
  number(92, "RetxLim"),
  number(93, "RetxIntvl"),
  text(94, 32, "MGCPVer"),
  bitmap(95, "VLANSetting"),
  text(97, 48, "NatServer"),
  bitmap(98, "NatTimer"),
  text(99, 32, "Domain"),
  bitmap(100, "FeatureTimer"),
  bitmap(101, "CFGID"),
  { tag: 102, names: ["SyslogIP"], type: "ip-port", size: 6 },
  bitmap(103, "SyslogCtrl"),
  { ...text(129, 500, "DialPlanEx"), extended: true },
  { ...text(130, 32, "DisplayName0"), extended: true },
  { ...text(131, 32, "DisplayName1"), extended: true },
  bitmap(160, "FeatureTimer2"),
  bitmap(161, "MsgRetryLimits"),
  bitmap(162, "SessionTimer"),
  number(163, "SessionInterval"),
  number(164, "MinSessionInterval"),
  number(170, "FXSInputLevel"),
  number(171, "FXSOutputLevel"),
  bitmap(0x2001, "RegMode"),
];
