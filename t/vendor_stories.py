#!/usr/bin/python3
"""Makes a story of each line of t/vendor_stories.table: vendor_stories.py TABLE VENDORS OUT

What must come of a mail is worked out here, from what is true of it in the story's world and from the table: never from
what the vendor's file says of itself. The text of the file is only what greenlane is given to judge by.
"""
import os
import sys

STRANGER, FORGER, UNLISTED = '203.0.113.5', '203.0.113.66', '203.0.113.130'  # UNLISTED: in SPF, in no source
REPLIES = {'pass': 'none', 'greylist': '451 4.7.1', 'defer': '451 4.4.3', 'reject': '550 5.7.26'}


class Vendor:
    def __init__(self, line):
        name, authors, signers, sources, proven, self.mode, self.on_forged = line.split()
        self.name = name
        self.authors = authors.replace('=', '').split(',')
        self.closed = [a[1:].split('@')[1] for a in authors.split(',') if a[0] == '=']
        self.domains = list(dict.fromkeys(a.split('@')[1] for a in self.authors))
        self.signers = [] if signers == '-' else signers.split(',')
        all_sources = [] if sources == '-' else [s.split(':', 1) for s in sources.split(',')]
        self.sources = [s for s in all_sources if s[0] != 'login']
        self.logins = [s[1] for s in all_sources if s[0] == 'login']
        self.proven = [p.split('+') for p in proven.split(',')]


def under(name, parent):
    return name == parent or name.endswith('.' + parent)


class World:
    """DNS as a story has it: each source has a network of its own."""

    def __init__(self, vendor):
        self.vendor, self.down, self.moved, self.dmarc = vendor, False, False, None
        self.nets = []
        for at, (kind, name) in enumerate(vendor.sources):
            base = name.rsplit('.', 1)[0] if kind == 'cidr' else '192.0.2'
            first = 0 if kind == 'cidr' else at * 16
            net = name if kind == 'cidr' else f'192.0.2.{first}/28'
            self.nets.append((net, [f'{base}.{first + host}' for host in (1, 9)]))
        self.spf_names = [name for kind, name in vendor.sources if kind == 'spf']

    def listed(self):
        """An address of each source, and another inside its range; a host name has the other once it was moved."""
        return [host for (kind, _), (_, hosts) in zip(self.vendor.sources, self.nets) for at, host in enumerate(hosts)
                if at == 0 or kind != 'a' or self.moved]

    def passes_spf(self, client, domain):
        return client in self.listed() or (client == UNLISTED and domain not in self.spf_names)

    def lines(self):
        """Every name of the vendor: where it is a source as well, the record lists what the others do."""
        everywhere = ' '.join('ip4:' + net for net, _ in self.nets)
        records = {}
        for (kind, name), (net, hosts) in zip(self.vendor.sources, self.nets):
            if kind == 'spf':
                records[name] = f'v=spf1 ip4:{net} -all'
            elif kind == 'a':
                yield f'ZONE {name} A {hosts[0]}'
        for domain in self.vendor.domains:
            own = '' if domain in self.spf_names else f' ip4:{UNLISTED}'
            records[domain] = f'v=spf1 {everywhere}{own} -all'.replace('  ', ' ')
        for name, record in records.items():
            yield f'ZONE {name} TXT "{record}"'
        for signer in self.vendor.signers:
            yield f'KEY s1 {signer}'

    def all_names(self):
        """The topmost of all names that are the vendor's."""
        names = set(self.vendor.domains + self.vendor.signers + [n for k, n in self.vendor.sources if k != 'cidr'])
        return sorted(n for n in names if not any(n != other and under(n, other) for other in names))


def evidence(world, client, sender, author, signer):
    """What is true of the mail, by the manual: yes, no, unknown."""
    vendor, gone = world.vendor, world.down
    domain = author.split('@')[1]
    owner = next((d for d in vendor.domains if under(sender.split('@')[1], d)), None)
    aligned = owner is not None and (under(owner, domain) or under(domain, owner))
    facts = {'listed': 'yes' if client in world.listed() else 'no', 'spf': 'no', 'dkim': 'no', 'dmarc': 'no'}
    if owner:
        facts['spf'] = 'unknown' if gone else 'yes' if world.passes_spf(client, owner) else 'no'
    if signer in vendor.signers:
        facts['dkim'] = 'unknown' if gone else 'yes'
    if gone:
        facts['dmarc'] = 'unknown'
    elif world.dmarc == domain:
        facts['dmarc'] = 'yes' if aligned and facts['spf'] == 'yes' or signer == domain else 'no'
    return facts


def judged(vendor, facts):
    """The table of the verdict: the first row that fits."""
    ways = [{facts[part] for part in way} for way in vendor.proven]
    if {'yes'} in ways:
        return 'vouched'
    if any('no' not in way for way in ways):
        return 'unsure'
    if 'yes' in facts.values():
        return 'unproven'
    return 'unsure' if 'unknown' in facts.values() else 'forged'


def done(vendor, outcome):
    """(action, what it would be): only enforce does what the policy says, and nothing softer than it says."""
    wanted = {'vouched': 'pass', 'unproven': 'greylist', 'unsure': 'defer', 'forged': vendor.on_forged}[outcome]
    if vendor.mode == 'enforce' or wanted == 'pass':
        return wanted, None
    return 'greylist', wanted if wanted != 'greylist' else None


class Story:
    def __init__(self, vendor, text):
        self.world, self.vendor, self.mails = World(vendor), vendor, 0
        self.out = [f'# {vendor.name}: genuine by each proof, forged, from new addresses, its DNS gone', 'CONFIG <<',
                    'authserv_id = "mx.rx.example"; greylist = { stage = "message"; };', f'vendors = ( {{ name = "{vendor.name}"; }} );', 'END',
                    f'VENDOR {vendor.name} <<', text.rstrip('\n'), 'END', *self.world.lines()]

    def say(self, *lines):
        self.out += lines

    def mail(self, why, client, sender, author, signer=None, stranger=False):
        """One mail and what must come of it. A recipient of its own: no greylist remembers it."""
        self.mails += 1
        self.say(f'# {why}', f'CONNECT {client}', 'HELO out.example', f'MAIL <{sender}>',
                 f'RCPT <user{self.mails}x@rx.example>', f'HEADER From: Notice <{author}>', 'HEADER Subject: your code')
        if signer:
            self.say(f'SIGN s1 {signer}')
        self.say('EOM')
        if stranger:
            self.say('EXPECT stranger greylist')
            return
        outcome = judged(self.vendor, evidence(self.world, client, sender, author, signer))
        action, would = done(self.vendor, outcome)
        self.say(f'EXPECT {outcome} {action}', f'EXPECT-LINE vendor={self.vendor.name} ', f'EXPECT-REPLY {REPLIES[action]}',
                 f'EXPECT-LINE action={action} would={would} ' if would else 'EXPECT-NO-LINE would=')
        return outcome

    def genuine(self, proof, outcome='vouched'):
        """Mail of every author that this alternative proves, and nothing else where that can be."""
        for author in self.vendor.authors:
            domain = author.split('@')[1]
            sender, signer, clients = f'bounce@{domain}', None, [UNLISTED]
            if proof == ['dkim']:
                sender, clients = 'x@esp.example', [STRANGER]
                signer = domain if domain in self.vendor.signers else self.vendor.signers[0]
            elif 'listed' in proof:
                clients = self.world.listed()
            elif domain in self.world.spf_names:
                clients = self.world.listed()[:1]
            if 'dmarc' in proof:
                self.set_dmarc(domain)
            for client in clients:
                got = self.mail(f'{author} by {"+".join(proof)}', client, sender, author, signer)
                assert got == outcome, f'{self.vendor.name}: {author} by {proof} is {got} by the rules'
            self.set_dmarc(None)

    def set_dmarc(self, domain):
        if self.world.dmarc:
            self.say(f'ZONE-DROP _dmarc.{self.world.dmarc}')
        self.world.dmarc = domain
        if domain:
            self.say(f'ZONE _dmarc.{domain} TXT "v=DMARC1; p=reject"')

    def forged(self):
        for author in self.vendor.authors:
            domain = author.split('@')[1]
            got = [self.mail('a forger who writes its bounce address', FORGER, f'bounce@{domain}', author),
                   self.mail('one with his own', FORGER, 'x@evil.example', author),
                   self.mail('one who signs', FORGER, 'x@evil.example', author, 'evil.example')]
            assert set(got) == {'forged'}, f'{self.vendor.name}: {got}'

    def halves(self):
        """What one part of a proof is worth: never a vouch."""
        domain = self.vendor.domains[0]
        for client in self.world.listed()[:1]:
            self.mail('its host, but a bounce address of somebody else', client, 'x@esp.example', self.vendor.authors[0])
        if self.world.nets:
            self.mail('its bounce address by SPF, but no host of its sources', UNLISTED, f'bounce@{domain}',
                      self.vendor.authors[0])
        for login in self.vendor.logins:
            self.mail('a host that logs in elsewhere speaks for nothing', login, 'x@esp.example', self.vendor.authors[0])

    def names_below(self):
        for author in self.vendor.authors:
            local, domain = author.split('@')
            below = f'{local}@below.{domain}'
            self.mail('a name below' + (', which is a customer\'s' if domain in self.vendor.closed else ''), FORGER,
                      'x@evil.example', below, stranger=domain in self.vendor.closed)

    def moved(self):
        """A host of the vendor gets a new address: nothing speaks for that before DNS does."""
        moves = [(name, hosts) for (kind, name), (_, hosts) in zip(self.vendor.sources, self.world.nets) if kind == 'a']
        for name, hosts in moves:
            self.mail('a new address that DNS does not name yet', hosts[1], 'x@esp.example', self.vendor.authors[0])
            self.say(f'ZONE {name} A {hosts[1]}')
        self.world.moved = True
        if moves:
            self.say('REFRESH')
            self.genuine(self.vendor.proven[0])

    def gone(self):
        """Nobody answers for any name of the vendor's: nothing is proven, nothing refused, and then all is as before."""
        self.world.down = True
        self.say(*(f'DOWN {name}' for name in self.world.all_names()))
        for proof in self.vendor.proven:
            self.genuine(proof, 'unsure')
        for author in self.vendor.authors:
            self.mail('a forger meanwhile', FORGER, f'bounce@{author.split("@")[1]}', author)
        self.say(*(f'UP {name}' for name in self.world.all_names()))
        self.world.down = False
        self.genuine(self.vendor.proven[0])

    def write(self, path):
        for proof in self.vendor.proven:
            self.genuine(proof)
        self.halves()
        self.forged()
        self.names_below()
        self.moved()
        self.gone()
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(self.out) + '\n')


def main(table, folder, out):
    with open(table, encoding='utf-8') as file:
        vendors = [Vendor(line) for line in file if line.strip() and not line.startswith('#')]
    files = sorted(name[:-5] for name in os.listdir(folder) if name.endswith('.conf'))
    if sorted(v.name for v in vendors) != files:
        sys.exit(f'the table and {folder} differ: {sorted(set(files) ^ {v.name for v in vendors})}')
    for vendor in vendors:
        with open(f'{folder}/{vendor.name}.conf', encoding='utf-8') as file:
            Story(vendor, file.read()).write(f'{out}/{vendor.name}.replay')


if __name__ == '__main__':
    main(*sys.argv[1:])
