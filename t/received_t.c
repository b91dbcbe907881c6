#include <stdio.h>
#include <string.h>

#include "policy/mail/received.h"
#include "t/lib/tap.h"

/* A field, and what must be read from it: client "" is not told. */
struct row {
	const char *name, *value, *client, *helo, *by;
};

/* ---- fields as hosts write them ---- */

static const struct row formats[] = {
	{ "Postfix",
	    " from mail.vendor.example (out1.vendor.example [192.0.2.1])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
	    "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n\t(No client certificate requested)\n"
	    "\tby mx.example.com (Postfix) with ESMTPS id 4XyZ1\n\tfor <alice@example.com>; Sat, 21 Nov 2026 20:15:00 +0000 (UTC)",
	    "192.0.2.1", "mail.vendor.example", "mx.example.com" },
	{ "Postfix, client without a name",
	    "from mail.vendor.example (unknown [203.0.113.66]) by mx.example.com (Postfix) with ESMTP id 1; Sat",
	    "203.0.113.66", "mail.vendor.example", "mx.example.com" },
	{ "Postfix, IPv6", "from a.example (a.example [IPv6:2001:db8::1]) by mx.example.com (Postfix) with ESMTP id 1; Sat",
	    "2001:db8::1", "a.example", "mx.example.com" },
	{ "Postfix, an address said at HELO",
	    "from [192.0.2.10] (unknown [203.0.113.66]) by mx.example.com (Postfix) with ESMTP id 1; Sat",
	    "203.0.113.66", "", "mx.example.com" },
	{ "Postfix, a client certificate",
	    "from a.example (a.example [192.0.2.1]) (using TLSv1.2 with cipher X (256/256 bits)) (Client CN \"a.example\", Issuer \"CA (x)\" (verified "
	    "OK)) by mx.example.com (Postfix) with ESMTPS id 1; Sat",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "Postfix, authenticated",
	    "from pc (h.example [192.0.2.1])\n\t(Authenticated sender: bob@example.com)\n\tby mx.example.com (Postfix) with ESMTPSA id 1; Sat",
	    "192.0.2.1", "pc", "mx.example.com" },
	{ "Postfix, local submission",
	    "by mx.example.com (Postfix, from userid 1000)\n\tid 123; Sat, 21 Nov 2026 20:15:00 +0000 (UTC)", "", "",
	    "mx.example.com" },
	{ "Sendmail",
	    "from a.example (a.example [192.0.2.1])\n\tby mx.example.com (8.17.1.9/8.17.1.9/Debian-2) with ESMTPS id 4ALKF\n"
	    "\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT)\n\tfor <alice@example.com>; Sat, 21 Nov 2026 20:15:00 GMT",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "Sendmail, a reverse name that may be forged",
	    "from a.example (b.example [192.0.2.1] (may be forged)) by mx.example.com (8.17.1/8.17.1) with ESMTP id 1; Sat",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "Sendmail, no reverse name",
	    "from a.example ([192.0.2.1]) by mx.example.com (8.17.1/8.17.1) with ESMTP id 1; Sat", "192.0.2.1",
	    "a.example", "mx.example.com" },
	{ "Sendmail, IPv6",
	    "from a.example ([IPv6:2001:db8:0:0:0:0:0:1]) by mx.example.com (8.17.1/8.17.1) with ESMTP id 1; Sat",
	    "2001:db8::1", "a.example", "mx.example.com" },
	{ "Sendmail, with ident",
	    "from a.example (IDENT:root@a.example [192.0.2.1]) by mx.example.com (8.12/8.12) with ESMTP id 1; Sat",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "Sendmail, local submission",
	    "(from root@localhost)\n\tby mx.example.com (8.17.1/8.17.1/Submit) id 4ALKF;\n\tSat, 21 Nov 2026 20:15:00 GMT",
	    "", "", "mx.example.com" },
	{ "Exim, the name that it said",
	    "from a.example ([192.0.2.1])\n\tby mx.example.com with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n"
	    "\t(envelope-from <bounce@a.example>)\n\tid 1oX-0001-2y\n\tfor alice@example.com;\n\tSat, 21 Nov 2026 20:15:00 +0000",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "Exim, another name at HELO",
	    "from a.example ([192.0.2.1] helo=b.example) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "192.0.2.1", "b.example", "mx.example.com" },
	{ "Exim, no reverse name",
	    "from [203.0.113.66] (helo=evil.example) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "203.0.113.66", "evil.example", "mx.example.com" },
	{ "Exim, an address at HELO",
	    "from [203.0.113.66] (helo=[192.168.1.5]) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "203.0.113.66", "", "mx.example.com" },
	{ "Exim, a bare address at HELO",
	    "from [203.0.113.66] (helo=192.168.1.5) by mx.example.com with esmtp (Exim 4.96) id 1; Sat", "203.0.113.66",
	    "", "mx.example.com" },
	{ "Exim, with ident",
	    "from a.example ([192.0.2.1] helo=b.example ident=root) by mx.example.com with smtp (Exim 3.12) id 1; Sat",
	    "192.0.2.1", "b.example", "mx.example.com" },
	{ "Exim, ident alone", "from [203.0.113.66] (ident=root) by mx.example.com with smtp (Exim 4.96) id 1; Sat",
	    "203.0.113.66", "", "mx.example.com" },
	{ "Exim, with ports",
	    "from a.example ([192.0.2.1]:48620 helo=b.example) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "192.0.2.1", "b.example", "mx.example.com" },
	{ "Exim, with a port and no name",
	    "from [203.0.113.66] (port=48620 helo=evil.example) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "203.0.113.66", "evil.example", "mx.example.com" },
	{ "Exim, the port after the address",
	    "from [203.0.113.66]:48620 (helo=evil.example) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "203.0.113.66", "evil.example", "mx.example.com" },
	{ "Exim, IPv6", "from [2001:db8::66] (helo=evil.example) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	    "2001:db8::66", "evil.example", "mx.example.com" },
	{ "Exim, local SMTP", "from root (helo=a.example) by mx.example.com with local-smtp (Exim 4.96) id 1; Sat", "",
	    "a.example", "mx.example.com" },
	{ "qmail", "from unknown (HELO a.example) (203.0.113.5)\n  by mx.example.com with SMTP; 21 Nov 2026 20:15:00 -0000",
	    "203.0.113.5", "a.example", "mx.example.com" },
	{ "qmail, the name that it said", "from a.example (203.0.113.5) by mx.example.com with SMTP; 21 Nov 2026",
	    "203.0.113.5", "a.example", "mx.example.com" },
	{ "qmail, an address at HELO",
	    "from unknown (HELO 192.168.1.5) (203.0.113.5) by mx.example.com with SMTP; 21 Nov 2026", "203.0.113.5", "",
	    "mx.example.com" },
	{ "qmail, its own queue", "(qmail 6338 invoked by uid 399); 14 Nov 2026 07:59:33 -0000", "", "", "" },
	{ "IronPort",
	    "from ex.a.example (HELO exchange.a.example) ([203.0.113.38])\n  by ip1.example.com with ESMTP/TLS/AES128-SHA; 21 Nov 2026",
	    "203.0.113.38", "exchange.a.example", "ip1.example.com" },
	{ "Exchange",
	    "from EX01.corp.example (10.1.1.1) by EX02.corp.example\n (10.1.1.2) with Microsoft SMTP Server (version=TLS1_2,\n"
	    " cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.1.2507.6; Sat, 21 Nov\n 2026 20:15:00 +0000",
	    "10.1.1.1", "ex01.corp.example", "ex02.corp.example" },
	{ "Exchange, older",
	    "from a.example ([203.0.113.5]) by EX02.corp.example ([10.1.1.2]) with mapi id 14.03.0123.003; Sat",
	    "203.0.113.5", "a.example", "ex02.corp.example" },
	{ "Exchange, link-local",
	    "from EX02.corp.example ([fe80::1]) by EX02.corp.example ([fe80::1%12]) with mapi id 14; Sat", "fe80::1",
	    "ex02.corp.example", "ex02.corp.example" },
	{ "Exchange Online",
	    "from DB1PR01MB1234.eurprd01.example (2001:db8:6:30::7)\n by AM0PR01MB5678.eurprd01.example (2001:db8:208:1::21) with Microsoft SMTP Server\n"
	    " (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8158.24; Sat, 21 Nov\n 2026 20:15:00 +0000",
	    "2001:db8:6:30::7", "db1pr01mb1234.eurprd01.example", "am0pr01mb5678.eurprd01.example" },
	{ "Exchange Online, from outside",
	    "from mail.vendor.example (192.0.2.1) by\n AM1EUR01FT001.mail.example (10.152.3.4) with Microsoft SMTP Server (version=TLS1_2) "
	    "id 15.20.8158.24 via Frontend\n Transport; Sat, 21 Nov 2026 20:15:00 +0000",
	    "192.0.2.1", "mail.vendor.example", "am1eur01ft001.mail.example" },
	{ "Mimecast",
	    "from mail.vendor.example (mail.vendor.example\n [192.0.2.1]) (Using TLS: TLSv1.3, cipher=TLS_AES_256_GCM_SHA384) by relay.mimecast.example with ESMTP\n"
	    " id us-mta-123-AbCdEf; Sat, 21 Nov 2026 15:15:00 -0500",
	    "192.0.2.1", "mail.vendor.example", "relay.mimecast.example" },
	{ "Mimecast, with STARTTLS",
	    "from mail.vendor.example (mail.vendor.example [192.0.2.1]) by relay.mimecast.example with ESMTP with STARTTLS\n"
	    " (version=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384) id uk-mta-1-x; Sat",
	    "192.0.2.1", "mail.vendor.example", "relay.mimecast.example" },
	{ "Google",
	    "from mail.vendor.example (mail.vendor.example. [192.0.2.1])\n        by mx.google.example with ESMTPS id 5b1f17b1804b1-40b\n"
	    "        for <alice@example.com>\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\n        Sat, 21 Nov 2026 12:15:00 -0800 (PST)",
	    "192.0.2.1", "mail.vendor.example", "mx.google.example" },
	{ "Google, IPv6", "from a.example (a.example. [2001:db8:4864:20::32b]) by mx.google.example with ESMTPS id x; Sat",
	    "2001:db8:4864:20::32b", "a.example", "mx.google.example" },
	{ "Google, inside", "by 2001:db8:7022:41e:b0:7b:1d2e:3c4f with SMTP id 30csp1; Sat", "", "", "" },
	{ "Proofpoint",
	    "from mail.vendor.example (mail.vendor.example [192.0.2.1])\n\tby mx0a-0001.pphosted.example (PPS) with ESMTPS id 4abc\n"
	    "\t(version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NOT)\n\tfor <alice@example.com>; Sat",
	    "192.0.2.1", "mail.vendor.example", "mx0a-0001.pphosted.example" },
	{ "Proofpoint, its filter",
	    "from pps.filterd (m0001.ppops.example [127.0.0.1])\n\tby m0001.ppops.example (8.18.1.2/8.18.1.2) with ESMTP id 4abc; Sat",
	    "127.0.0.1", "pps.filterd", "m0001.ppops.example" },
	{ "amavis",
	    "from mx.example.com ([127.0.0.1])\n by localhost (mx.example.com [127.0.0.1]) (amavisd-new, port 10024) with LMTP\n id X1 for <alice@example.com>; Sat",
	    "127.0.0.1", "mx.example.com", "localhost" },
	{ "OpenSMTPD",
	    "from mail.vendor.example (out1.vendor.example [192.0.2.1])\n\tby mx.example.com (OpenSMTPD) with ESMTPS id 1a2b3c (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)\n"
	    "\tfor <alice@example.com>;\n\tSat, 21 Nov 2026 20:15:00 +0000 (UTC)",
	    "192.0.2.1", "mail.vendor.example", "mx.example.com" },
	{ "OpenSMTPD, IPv6",
	    "from a.example (<unknown> [IPv6:2001:db8::1]) by mx.example.com (OpenSMTPD) with SMTP id 1; Sat",
	    "2001:db8::1", "a.example", "mx.example.com" },
	{ "Haraka",
	    "from mail.vendor.example (out1.vendor.example [192.0.2.1])\n\tby mx.example.com (Haraka/3.0.3) with ESMTPS id 7B47-4DB.1\n"
	    "\tenvelope-from <bounce@vendor.example>\n\t(cipher=TLS_AES_256_GCM_SHA384);\n\tSat",
	    "192.0.2.1", "mail.vendor.example", "mx.example.com" },
	{ "Courier, IPv4 in IPv6",
	    "from a.example (a.example [::ffff:192.0.2.1]) (TLS: TLSv1/SSLv3,256bits,AES256-SHA) by mx.example.com with ESMTPS; Sat",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "MessageLabs",
	    "from unknown (HELO a.example) (203.0.113.5) by server-9.example.com with DHE-RSA-AES256-SHA encrypted SMTP; Sat",
	    "203.0.113.5", "a.example", "server-9.example.com" },
	{ "words in capitals", "FROM a.example (b.example [192.0.2.1]) BY MX.Example.COM (x) WITH SMTP; Sat",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "CRLF folds", "from a.example\r\n (b.example [192.0.2.1])\r\n by mx.example.com; Sat\r\n", "192.0.2.1",
	    "a.example", "mx.example.com" },
	{ "a U-label at HELO",
	    "from b\xc3\xbc"
	    "cher.example (b.example [192.0.2.1]) by mx.example.com with UTF8SMTP; Sat",
	    "192.0.2.1", "xn--bcher-kva.example", "mx.example.com" },
	{ "the same address twice", "from a.example ([192.0.2.1]) ([192.0.2.1] verified) by mx.example.com; Sat",
	    "192.0.2.1", "a.example", "mx.example.com" },
	{ "a quoted recipient",
	    "from a.example (b.example [192.0.2.1]) by mx.example.com for <\"al ice;\"@example.com>; Sat", "192.0.2.1",
	    "a.example", "mx.example.com" },
	{ "no end after the host", "from a.example ([192.0.2.1]) by mx.example.com", "192.0.2.1", "a.example",
	    "mx.example.com" },
	{ "a host that says its address", "from a.example ([192.0.2.1]) by [198.51.100.7] with ESMTP; Sat", "192.0.2.1",
	    "a.example", "" },
};

/* ---- fields in which somebody else wrote, and those that are none ---- */

static const struct row attacks[] = {
	{ "an address as the only thing after from", "from [192.0.2.1] by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "a bare address after from", "from 192.0.2.1 by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "an address of HELO before a certificate",
	    "from [192.0.2.1] (No client certificate requested) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "an address of HELO before qmail's word", "from [192.0.2.1] (HELO x.example) by mx.example.com; Sat", "",
	    "x.example", "mx.example.com" },
	{ "an address said at HELO, in qmail's comment", "from unknown (HELO 192.0.2.1) by mx.example.com; Sat", "", "",
	    "mx.example.com" },
	{ "an address in brackets there", "from unknown (HELO [192.0.2.1]) by mx.example.com; Sat", "", "",
	    "mx.example.com" },
	{ "EHLO there", "from unknown (EHLO [192.0.2.1]) (203.0.113.66) by mx.example.com; Sat", "203.0.113.66", "",
	    "mx.example.com" },
	{ "a HELO of two words", "from unknown (HELO x [192.0.2.1]) (203.0.113.66) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "a HELO of two words and no other address", "from unknown (HELO x 192.0.2.1) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "an address after helo=", "from a.example (helo=[192.0.2.1]) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "a helo= of two words", "from a.example ([203.0.113.66] helo=x [192.0.2.1]) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "a helo= of two words, no reverse name", "from [203.0.113.66] (helo=x [192.0.2.1]) by mx.example.com; Sat",
	    "", "x", "mx.example.com" },
	{ "a helo= of two words without an address", "from [203.0.113.66] (helo=x y) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "a helo= of two words from a local program", "from root (helo=x [192.0.2.1]) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "a second helo=",
	    "from a.example ([203.0.113.66] helo=b.example ident=helo=c.example helo=d.example) by mx.example.com; Sat",
	    "203.0.113.66", "b.example", "mx.example.com" },
	{ "a second comment after Exim's", "from [203.0.113.66] (helo=x) (y) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "a helo= that ends its comment", "from [203.0.113.66] (helo=x) ([192.0.2.1]) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "an ident that ends its comment", "from [203.0.113.66] (ident=x) (y [192.0.2.1]) by mx.example.com; Sat", "",
	    "", "mx.example.com" },
	{ "an ident that ends its comment, with a reverse name",
	    "from a.example ([203.0.113.66] ident=x) (y [192.0.2.1]) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "an ident with an address",
	    "from a.example ([203.0.113.66] helo=b.example ident=[192.0.2.1]) by mx.example.com; Sat", "203.0.113.66",
	    "b.example", "mx.example.com" },
	{ "an ident with a blank and an address",
	    "from a.example ([203.0.113.66] ident=x 192.0.2.1) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "an ident that looks like Exim's comment",
	    "from [192.0.2.1] (helo=x@a.example [203.0.113.66]) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "an ident with an address in Sendmail's comment",
	    "from a.example (IDENT:x@[192.0.2.1]@b.example [203.0.113.66]) by mx.example.com; Sat", "203.0.113.66",
	    "a.example", "mx.example.com" },
	{ "an ident and an address as one word", "from a.example (user@[192.0.2.1]) by mx.example.com; Sat", "",
	    "a.example", "mx.example.com" },
	{ "an ident and a bare address as one word", "from a.example (user@192.0.2.1) by mx.example.com; Sat", "",
	    "a.example", "mx.example.com" },
	{ "an ident beside the address", "from a.example (x@[192.0.2.1] [203.0.113.66]) by mx.example.com; Sat",
	    "203.0.113.66", "a.example", "mx.example.com" },
	{ "a reverse name with an address", "from a.example ([192.0.2.1] [203.0.113.66]) by mx.example.com; Sat", "",
	    "a.example", "mx.example.com" },
	{ "a reverse name that is an address", "from a.example (192.0.2.1 [203.0.113.66]) by mx.example.com; Sat",
	    "203.0.113.66", "a.example", "mx.example.com" },
	{ "a reverse name that begins a HELO", "from a.example ([192.0.2.1] helo= [203.0.113.66]) by mx.example.com; Sat",
	    "", "a.example", "mx.example.com" },
	{ "a reverse name that begins qmail's HELO",
	    "from a.example ([192.0.2.1] HELO [203.0.113.66]) by mx.example.com; Sat", "", "a.example", "mx.example.com" },
	{ "a second comment with HELO", "from a.example ([192.0.2.1]) (HELO [203.0.113.66]) by mx.example.com; Sat", "",
	    "a.example", "mx.example.com" },
	{ "a reverse name that ends in a backslash",
	    "from a.example ([192.0.2.1] \\ [203.0.113.66]) by mx.example.com; Sat", "", "a.example", "mx.example.com" },
	{ "two comments with different addresses",
	    "from a.example ([192.0.2.1]) (b.example [203.0.113.66]) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "three, the first and last the same",
	    "from a ([192.0.2.1]) ([203.0.113.66]) ([192.0.2.1]) by mx.example.com; Sat", "", "a", "mx.example.com" },
	{ "a HELO with a comment at its end", "from x([192.0.2.1]) (unknown [203.0.113.66]) by mx.example.com; Sat", "",
	    "x", "mx.example.com" },
	{ "a HELO with a comment at its end, no address after", "from x([192.0.2.1]) (unknown) by mx.example.com; Sat",
	    "", "x", "mx.example.com" },
	{ "a HELO with a whole clause",
	    "from x ([192.0.2.1]) by mx.trusted.example (unknown [203.0.113.66]) by mx.example.com; Sat", "", "x", "" },
	{ "without a blank", "from x([192.0.2.1])by mx.trusted.example (unknown [203.0.113.66]) by mx.example.com; Sat",
	    "", "x", "mx.example.com" },
	{ "a HELO with a whole field",
	    "from x ([192.0.2.1]) by mx.trusted.example; Sat (unknown [203.0.113.66]) by mx.example.com; Sat", "", "x",
	    "" },
	{ "a HELO with an early end", "from x ([192.0.2.1]); Sat (unknown [203.0.113.66]) by mx.example.com; Sat", "",
	    "x", "mx.example.com" },
	{ "a HELO that opens a comment around the rest",
	    "from x ([192.0.2.1]) by mx.trusted.example ( (unknown [203.0.113.66]) by mx.example.com; Sat", "", "", "" },
	{ "which a recipient closes",
	    "from x ([192.0.2.1]) by mx.trusted.example ( (unknown [203.0.113.66]) by mx.example.com for <)@example.com>; Sat",
	    "", "x", "mx.trusted.example" },
	{ "the same with a bare address",
	    "from x ([192.0.2.1]) by mx.trusted.example ( (203.0.113.66) by mx.example.com for <)@example.com>; Sat",
	    "", "x", "mx.trusted.example" },
	{ "a HELO that opens a quote around the rest",
	    "from x ([192.0.2.1]) by mx.trusted.example \" (unknown [203.0.113.66]) by mx.example.com for <\"@example.com>; Sat",
	    "", "", "" },
	{ "a HELO in quotes", "from \"x ([192.0.2.1]) by\" (unknown [203.0.113.66]) by mx.example.com; Sat", "", "", "" },
	{ "a HELO that is by", "from by (unknown [203.0.113.66]) by mx.example.com; Sat", "", "", "" },
	{ "a HELO that is from", "from from (unknown [203.0.113.66]) by mx.example.com; Sat", "203.0.113.66", "from",
	    "mx.example.com" },
	{ "a HELO of two words outside comments", "from x y ([192.0.2.1]) by mx.example.com; Sat", "", "x",
	    "mx.example.com" },
	{ "an address with a dot at its end at HELO", "from 192.0.2.1. ([203.0.113.66]) by 192.0.2.2.; Sat",
	    "203.0.113.66", "", "" },
	{ "an address outside comments", "from x [192.0.2.1] by mx.example.com; Sat", "", "x", "mx.example.com" },
	{ "a second from", "from x (y) from z ([192.0.2.1]) by mx.example.com; Sat", "", "x", "mx.example.com" },
	{ "from after by", "by mx.example.com from x ([192.0.2.1]); Sat", "", "", "mx.example.com" },
	{ "from inside a comment", "(from x ([192.0.2.1])) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "a comment before from", "(x) from a.example ([192.0.2.1]) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "a comment before the name", "from (x) a.example ([192.0.2.1]) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "no name after from", "from ([192.0.2.1]) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "the address of who took it", "from a.example (a.example) by mx.example.com ([192.0.2.1]) with ESMTP; Sat",
	    "", "a.example", "mx.example.com" },
	{ "an address in with, id and for",
	    "from a.example (a.example) by mx.example.com with ([192.0.2.1]) id [192.0.2.1] for ([192.0.2.1]); Sat", "",
	    "a.example", "mx.example.com" },
	{ "a nested comment with an address", "from a.example (x ([192.0.2.1])) by mx.example.com; Sat", "",
	    "a.example", "mx.example.com" },
	{ "a nested comment beside the address", "from a.example ([203.0.113.66] ([192.0.2.1])) by mx.example.com; Sat",
	    "", "a.example", "mx.example.com" },
	{ "quoted brackets", "from a.example (x \\[192.0.2.1\\]) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "quoted parentheses", "from a.example (x \\) [203.0.113.66] \\() by mx.example.com; Sat", "203.0.113.66",
	    "a.example", "mx.example.com" },
	{ "a parenthesis too few", "from a.example (x [192.0.2.1] by mx.example.com; Sat", "", "", "" },
	{ "a parenthesis too many", "from a.example (x [192.0.2.1])) by mx.example.com; Sat", "", "", "" },
	{ "a parenthesis too many at the end", "from a.example (x [192.0.2.1]) by mx.example.com; Sat)", "", "", "" },
	{ "a backslash outside comments", "from a\\ (x [192.0.2.1]) by mx.example.com; Sat", "", "", "" },
	{ "a quote that never ends", "from a.example (x [192.0.2.1]) by mx.example.com for <\"x@example.com>; Sat", "",
	    "", "" },
	{ "a bracket that never ends", "from a.example ([192.0.2.1) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "a port that is not one", "from a.example ([192.0.2.1]:x) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "a port of nothing", "from a.example ([192.0.2.1]:) by mx.example.com; Sat", "", "a.example", "mx.example.com" },
	{ "something after the bracket", "from a.example ([192.0.2.1].example) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "something like a port after it", "from a.example ([192.0.2.1]x25) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "something before it", "from a.example (x[192.0.2.1]) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "a bare address that is not the last word", "from a.example (192.0.2.1 x) by mx.example.com; Sat", "",
	    "a.example", "mx.example.com" },
	{ "an address cut in two by a comment", "from a.example (192.0.(x)2.1) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "a network", "from a.example ([192.0.2.0/24]) by mx.example.com; Sat", "", "a.example", "mx.example.com" },
	{ "an octet too large", "from a.example ([192.0.2.256]) by mx.example.com; Sat", "", "a.example",
	    "mx.example.com" },
	{ "no host that wrote it", "from a.example ([192.0.2.1]); Sat", "", "a.example", "" },
	{ "a comment where the host should stand",
	    "from a.example ([192.0.2.1]) by (mx.trusted.example) mx.example.com; Sat", "192.0.2.1", "a.example", "" },
	{ "nothing after by", "from a.example (192.0.2.1 x) by", "", "a.example", "" },
	{ "from and no blank", "from(x [192.0.2.1]) by mx.example.com; Sat", "", "", "mx.example.com" },
	{ "another word that begins with from", "fromage a.example ([192.0.2.1]) by mx.example.com; Sat", "", "",
	    "mx.example.com" },
	{ "a control byte", "from a.example ([192.0.2.1]\x01) by mx.example.com; Sat", "", "", "" },
	{ "a delete", "from a.example ([192.0.2.1]) by mx.example.com\x7f; Sat", "", "", "" },
	{ "a line that is not a fold", "from a.example ([192.0.2.1])\nby mx.example.com; Sat", "", "", "" },
	{ "a CR alone", "from a.example ([192.0.2.1])\r by mx.example.com; Sat", "", "", "" },
	{ "nothing", "", "", "", "" },
	{ "blanks", " \t ", "", "", "" },
	{ "from alone", "from", "", "", "" },
};

static void
read_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		char got[ADDRESS_TEXT + 2 * DOMAIN_TEXT], wanted[sizeof got], address[ADDRESS_TEXT];
		struct received received;

		received_read(row->value, strlen(row->value), &received);
		snprintf(got, sizeof got, "%s %s %s", received.told ? address_write(&received.client, address) : "",
		    received.helo, received.by);
		snprintf(wanted, sizeof wanted, "%s %s %s", row->client, row->helo, row->by);
		is(got, wanted, "%s: client, HELO and who wrote it", row->name);
		ok(received.told || received.client.family == ADDRESS_NONE, "%s: no address without being told",
		    row->name);
	}
}

/* ---- the ceilings ---- */

static void
read_field(const char *before, char fill, size_t count, const char *behind, struct received *out)
{
	static char value[2 * RECEIVED_MAX];
	size_t length = strlen(before), tail = strlen(behind);

	memcpy(value, before, length);
	memset(value + length, fill, count);
	memcpy(value + length + count, behind, tail);
	received_read(value, length + count + tail, out);
}

static void
depths(void)
{
	static const char nested[] = "from a ([192.0.2.1] ((((((((((((((()))))))))))))))) by mx.example.com; Sat"; /* 16 deep */
	static const char deeper[] = "from a ([192.0.2.1] (((((((((((((((())))))))))))))))) by mx.example.com; Sat";
	struct received received;

	received_read(nested, strlen(nested), &received);
	ok(received.told, "comments may be nested");
	received_read(deeper, strlen(deeper), &received);
	ok(!received.told, "up to a depth");
}

static void
ceilings(void)
{
	static const char before[] = "from a.example ([192.0.2.1]) by mx.example.com (", behind[] = "); Sat";
	size_t rest = strlen(before) + strlen(behind);
	struct received received;

	read_field(before, 'x', RECEIVED_MAX - rest, behind, &received);
	ok(received.told, "a field of %d bytes is read", RECEIVED_MAX);
	read_field(before, 'x', RECEIVED_MAX - rest + 1, behind, &received);
	ok(!received.told && received.by[0] == '\0', "one byte more, and nothing is read");
	read_field("from ", 'a', 300, " ([192.0.2.1]) by mx.example.com; Sat", &received);
	ok(received.told && received.helo[0] == '\0', "a HELO too long for a name is not a name");
	read_field("from a ([192.0.2.1]) by ", 'a', 300, "; Sat", &received);
	ok(received.told && received.by[0] == '\0', "nor is a host");
	read_field("from a ([192.0.2.1]) by mx.example.com ", '(', 5000, "; Sat", &received);
	ok(!received.told, "parentheses without end are no comment");
	read_field("from a ([", '1', 5000, "]) by mx.example.com; Sat", &received);
	ok(!received.told, "a long literal is not an address");
	received_read("from a ([192.0.2.1]\0) by mx.example.com; Sat",
	    sizeof "from a ([192.0.2.1]\0) by mx.example.com; Sat" - 1, &received);
	ok(!received.told && received.helo[0] == '\0', "a NUL byte ends nothing");
}

int
main(void)
{
	read_rows(formats, sizeof formats / sizeof *formats);
	read_rows(attacks, sizeof attacks / sizeof *attacks);
	depths();
	ceilings();
	note("%zu formats, %zu attacks", sizeof formats / sizeof *formats, sizeof attacks / sizeof *attacks);
	return done();
}
