/* keys.h - public keys of several kinds, whose private halves nobody has. For tests. */
#ifndef KEYS_H
#define KEYS_H

#define KEY_RSA_768                                                                                            \
	"MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhALSVsl0snxD3Ss+nuKIOT8ZBO4TdUfgfCHJxNy3mhK3wMWIbL6g4k2CDkglX7OwDnvLm" \
	"t2FyKo/7bfxkCyYyNO8nMPC49uWXrdckgiwcxZ3oYtwA+zX7YC58AGqnoXG4PwIDAQAB"
#define KEY_RSA_1023                                                                                           \
	"MIGeMA0GCSqGSIb3DQEBAQUAA4GMADCBiAKBgFBts1XneUGZPFw9Ayf+rmYXE5gW9Ydwu5+ZTu5gc5F7k3eQu5CGYzc/7qx3llQX" \
	"MYnykL5i9afTKuQap7bJyoKWerA+vHtoenPnGVo8v9cUpf0KRGB0r9CeTq4q+nABoXCfwrRFf4j7oPsW5+eHCcyLQqMuM9CA03RR" \
	"9gJ0pbo5AgMBAAE="
#define KEY_RSA_1024                                                                                           \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4qj1rpmOw83m075OtSpP0L0BEWcYTiHNxuyXLEdzNgvj2R+PdOx6Z83RbWGhu" \
	"LWotXS3MWMTq7esrbbhjDxhWykpN15rf+vdWoNifyHzEtdaiHGmT3k1fdwtv4TvV0KBTj2hcdMA9MAZx2a/Sdjr2ovNUiu7Xid5J" \
	"CVC7BYzRmQIDAQAB"
/* RFC 8017, A.1.1: without its algorithm */
#define KEY_RSA_1024_BARE                                                                                      \
	"MIGJAoGBALiqPWumY7DzebTvk61Kk/QvQERZxhOIc3G7JcsR3M2C+PZH4907HpnzdFtYaG4tai1dLcxYxOrt6yttuGMPGFbKSk3X" \
	"mt/691ag2J/IfMS11qIcaZPeTV93C2/hO9XQoFOPaFx0wD0wBnHZr9J2Ovai81SK7teJ3kkJULsFjNGZAgMBAAE="
#define KEY_RSA_2048                                                                                           \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAukDbyziw1F1qXCqoEFsTfvDKbJMaz9mrFqojVtJRHEIxjB7RCmpwW62i" \
	"njHW2S8kjHhlpppUemX8iJgscHtmqVtcn8OcpfOGZFdLdya/NE5h21QTWVZxuHJ1/LkhDpFqRJjCGCSNC8zX6NhyXcecqH5pGMM0" \
	"yfFYtdsKgzIbBoyPaZAAI4X5W3GCxRf48JuDZKj1wjQ9qgjXy21rFuAkmM/JLMxpF+NS0lCUgc7B1ydXEvYaYnl6hT6dMf9EVWdD" \
	"TlpN8/W5JPudNCBD3RrYRrRfKUZ1a/US+ZUEX6P8+4nxr1NfJ6K90mjyn7XpQbAu9/EOEp59JYleGOsHdRUyrwIDAQAB"
#define KEY_ED25519 "wtTgotLhAiMCz+t+8n+NKOsc+E4GvDnldIcPrRMJJVo="
#define KEY_P256                                                                                               \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHvQCzJ1eHNobky9A1VWXJvSDSVYy9vSE8qjgPkPz4n4vFB7bqTmXCL2M8DSn49rj" \
	"xSAZOmRFSs7vw4wsXwL8KQ=="

#endif
