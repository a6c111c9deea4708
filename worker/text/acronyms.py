"""What English has for acronyms that French writes otherwise. An acronym may be written out, so words count as well."""

from __future__ import annotations

_TABLE = """
OTAN nato
ONU un u.n united
OMS who health
OMC wto trade
FMI imf monetary
UE eu e.u european union
USA us u.s united america american
UK britain british
RU uk united kingdom
EAU uae emirates
RDC drc congo
RFA germany german
RDA gdr germany
URSS ussr soviet
PIB gdp gross product
PNB gnp gdp gross
TVA vat tax value-added
SIDA aids
ADN dna
ARN rna
VIH hiv
IRM mri
MST std stds
AVC stroke strokes
IVG abortion abortions
CHU hospital university
OPEP opec
OCDE oecd
AIE iea
AIEA iaea
BCE ecb european bce bc
BEI eib
CEE eec
CICR icrc cross
CPI icc
HCR unhcr refugee refugees
OIT ilo
OEA oas
OLP plo
PNUD undp
PNUE unep
ALENA nafta
ONG ngo ngos nongovernmental organisation organization
PME sme smes small
OGM gmo gmos gm
GES ghg greenhouse
PAC cap agricultural
BD comic comics cartoon strip
PDG ceo chief head boss chairman executive president
DG director head general chief ceo manager
DRH hr human
RH hr human
RSE csr social
TGV high-speed train trains
SDF homeless
HLM council housing public social
CDI permanent contract contracts open-ended
CDD fixed-term contract contracts temporary
SMIC minimum wage
OVNI ufo ufos
IA ai artificial
CO2 carbon co₂
AG general assembly
JO olympics olympic games
PV report ticket minutes
CV resume résumé curriculum
QG hq headquarters
VTT mountain bike
VO original
VF french
TV television
HT tax
TTC tax
TICE ict
TIC ict
MM messrs mr
SA plc inc ltd
GP grand
CECA ecsc
CJUE ecj cjeu court
DTS sdr sdrs drawing
EEE eea
EPI ppe protective
USI icu intensive
TDM ct tomography
CIM icd
MPOC copd
SPG gsp preferences
PPE people epp
CRS riot police
CIG igc intergovernmental
SRAS sars
CM1 year grade primary fourth
CM2 year grade primary fifth
CE2 year grade primary third
CP year grade primary first
PJ police attachment
"""

#: The English words, in small letters, by the French acronym.
ENGLISH_ACRONYMS: dict[str, frozenset[str]] = {
    french: frozenset(english) for french, *english in (line.split() for line in _TABLE.strip().splitlines())
}
