/*
 * signed_zone.h - a root zone signed with DNSSEC and its trust anchor, for tests of validation.
 *
 * Made with ldns-keygen -a ECDSAP256SHA256 -k . and ldns-signzone -i 20200101000000 -e 20370101000000;
 * the text of altered.example was changed after that. Valid until 2037.
 */
#ifndef SIGNED_ZONE_H
#define SIGNED_ZONE_H

static const char signed_zone_anchor[] =
    ". IN DS 54169 13 2 0b42fdd284156620952a296b54d65ed09bfc064b33a931914936c91a1d5aee4c\n";

static const char signed_zone[] =
    ". 300 IN SOA ns. root. 1 3600 600 86400 77\n"
    ". 300 IN RRSIG SOA 13 0 300 20370101000000 20200101000000 54169 . "
    "y1PNL3DexDoLL8PtxqUOyjpMZvhqZzq7/JM/cGbuhFraVkK5y4AGmlck4brx9m097sqbsWfCWuh/dEckYoCEvA==\n"
    ". 300 IN NS ns.\n"
    ". 300 IN RRSIG NS 13 0 300 20370101000000 20200101000000 54169 . "
    "RZfODoZg38sDcWJUWTdfg4whWGKdBk1mgcu9p1XWW+qaz1YFiBNc9JePDCj7uP0/jyGU85wq3H9Ftqq6rOschQ==\n"
    ". 300 IN DNSKEY 257 3 13 "
    "8Lyr3pODiG2OQDN7oAr/IEFjTDO1e7Kuz1Df3MORS3CP/lrrkTu7aL4wKpZY914xTiYwOMj0vZ2wY446bRp5/w==\n"
    ". 300 IN RRSIG DNSKEY 13 0 300 20370101000000 20200101000000 54169 . "
    "r0XlFu1DZqNRqChhEo2i14ODJt8KJakGbgXzXLcXSQjivMi+1dd7pi5bLXRbhgASvYQzyRMELf9uy2lFZbqSJw==\n"
    ". 77 IN NSEC altered.example. NS SOA RRSIG NSEC DNSKEY\n"
    ". 77 IN RRSIG NSEC 13 0 77 20370101000000 20200101000000 54169 . "
    "4Dm8oc674p14bgECQiZmS58iqhjX7LAAheJ43Zm5OLPAxy6U4184AO+RRoSFcnSufSKnGNsSKtHnygQuGXR/yA==\n"
    "altered.example. 300 IN TXT \"as it was altered\"\n"
    "altered.example. 300 IN RRSIG TXT 13 2 300 20370101000000 20200101000000 54169 . "
    "Eo1cncvNWYYdiJX3CJ3oDj1dQ1fgSGnY6AF+FCQhkX81x0fI0JFxbqN5x1HChYRxpzgmwMHiyGQwMNLdTtsneA==\n"
    "altered.example. 77 IN NSEC signed.example. TXT RRSIG NSEC\n"
    "altered.example. 77 IN RRSIG NSEC 13 2 77 20370101000000 20200101000000 54169 . "
    "vKXeD9vwqHHXTqdXO9nvvgSu+h9ChxmCnVYT16jEeTUxacJrnKHD8kIqEMYQ1ANHYit+0xDpkxqElb5YDu9znA==\n"
    "signed.example. 300 IN TXT \"told by who owns it\"\n"
    "signed.example. 300 IN RRSIG TXT 13 2 300 20370101000000 20200101000000 54169 . "
    "1s67nKhSX+NRTWQ2OU6hdhLjds1HUWblvXojE2nsLxpqXPfKjnXCCpbonKdjDnZdk4PbaJChlB0P+YpJ9mScsA==\n"
    "signed.example. 77 IN NSEC ns. TXT RRSIG NSEC\n"
    "signed.example. 77 IN RRSIG NSEC 13 2 77 20370101000000 20200101000000 54169 . "
    "jAzLQqtQQK6vnwHXGz0hESvvElIuhQeMGmPa8rC1uuxUmsf9N4ys3ViVZfAM2mL20KK7RKf5ZtX8WQ4eCyrUwA==\n"
    "ns. 300 IN A 127.0.0.1\n"
    "ns. 300 IN RRSIG A 13 1 300 20370101000000 20200101000000 54169 . "
    "BmH85q6E+E/w4jO4y0exVwaQd6zSQJf3P62uF5N/tSU3LOPX3hgUAxhUkXMV13m1m3qtAYuQkd8RasTphSLaGA==\n"
    "ns. 77 IN NSEC . A RRSIG NSEC\n"
    "ns. 77 IN RRSIG NSEC 13 1 77 20370101000000 20200101000000 54169 . "
    "4GoW2h7dUyNmpIsoNAY4O1Lq3bI51c+PsWi/QsbHi/cuyjBFol2j5pTpkHTt300SnQ+6dEh8YnGWnLtVbpp0LQ==\n";

#endif
